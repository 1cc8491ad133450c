// Leads on from the page of a sign-out (OpenID Connect Front-Channel Logout 1.0)
// when its frames have loaded, for which the load of the window waits, or when
// one of them takes too long. Plain ES5.
(function () {
  'use strict';
  var next = document.getElementById('signing-out-continue').href;
  var left = false;
  function leave() {
    if (!left) {
      left = true;
      window.location.replace(next);
    }
  }
  if (document.readyState === 'complete') {
    leave();
  }
  window.addEventListener('load', leave);
  window.setTimeout(leave, 4000);
})();
