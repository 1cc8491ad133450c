/** A form, so that it works before any script has loaded. */
export function SignOutButton() {
  return (
    <form action="/sign-out" method="post">
      <button className="button quiet" id="sign-out" type="submit">
        Sign out
      </button>
    </form>
  );
}
