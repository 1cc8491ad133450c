import type { Metadata } from "next";
import Link from "next/link";

export const metadata: Metadata = { title: "Page not found" };

export default function NotFound() {
  return (
    <section className="card">
      <h1>Page not found</h1>
      <p>The address may be mistyped, or the page has moved.</p>
      <div className="actions">
        <Link className="button" href="/">
          Go to the start page
        </Link>
      </div>
    </section>
  );
}
