// Comfort only: every page works without this file.
(function () {
  'use strict';
  document.querySelectorAll('button[data-reveal]').forEach(function (button) {
    var field = document.getElementById(button.dataset.reveal);
    var show = button.textContent;
    var showLabel = button.getAttribute('aria-label');
    button.hidden = false;
    function set(shown) {
      field.type = shown ? 'text' : 'password';
      button.textContent = shown ? button.dataset.hide : show;
      button.setAttribute('aria-label', shown ? button.dataset.hideLabel : showLabel);
    }
    button.addEventListener('click', function () {
      set(field.type === 'password');
      field.focus();
    });
    // Sent in clear type, a password would end up in the browser's form history.
    field.form.addEventListener('submit', function () { set(false); });
  });
  // A second press before the answer is there would send a code that can be
  // used only once again.
  document.querySelectorAll('form[method=post]').forEach(function (form) {
    var sent = 0;
    form.addEventListener('submit', function (event) {
      if (Date.now() - sent < 3000) {
        event.preventDefault();
      }
      sent = Date.now();
    });
    window.addEventListener('pageshow', function () { sent = 0; });
  });
})();
