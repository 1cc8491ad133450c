import type { Metadata, Viewport } from "next";
import Link from "next/link";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { appName } from "@/lib/settings";
import "./globals.css";

export const viewport: Viewport = { colorScheme: "light dark" };

export async function generateMetadata(): Promise<Metadata> {
  await connection();
  return { title: { default: appName(), template: `%s – ${appName()}` } };
}

export default async function Layout({ children }: { children: ReactNode }) {
  // Nothing is rendered while building: the app's name is known only when it runs.
  await connection();
  return (
    <html lang="en">
      <body>
        <a className="skip" href="#main">
          Skip to the content
        </a>
        <header className="bar">
          <Link className="brand" href="/" id="app-name">
            {appName()}
          </Link>
        </header>
        <main id="main">{children}</main>
        <footer>An example app that signs in with Gatehouse.</footer>
      </body>
    </html>
  );
}
