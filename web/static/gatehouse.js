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
})();
