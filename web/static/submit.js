// Sends the form of the form_post response mode (OAuth 2.0 Form Post Response
// Mode), once: a page that comes back from the history must not send it again.
(function () {
  'use strict';
  var navigation = window.performance && performance.getEntriesByType && performance.getEntriesByType('navigation')[0];
  if (!navigation || navigation.type !== 'back_forward') {
    document.getElementById('form-post').submit();
  }
})();
