"use client";

export default function ErrorPage() {
  return (
    <section className="card" role="alert">
      <h1>Something went wrong</h1>
      <p>That is our fault, not yours. Wait a moment, then try again.</p>
      <div className="actions">
        <a className="button" href="">
          Try again
        </a>
        <a href="/">Go to the start page</a>
      </div>
    </section>
  );
}
