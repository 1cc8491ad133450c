// Answers apps that ask whether their session_state is still true (OpenID Connect
// Session Management 1.0, section 3.2): a message "client_id session_state" is
// answered with "unchanged", "changed" or "error". Plain ES5, and SHA-256 (FIPS
// 180-4) by hand, since browsers offer theirs to some pages only.
(function () {
  'use strict';

  var name = document.documentElement.getAttribute('data-cookie');

  // The first 32 bits of the fractional parts of the square roots (count 8) or
  // cube roots (count 64) of the first primes.
  function fractions(count, exponent) {
    var found = [];
    for (var n = 2; found.length < count; n++) {
      var prime = true;
      for (var d = 2; d * d <= n; d++) {
        if (n % d === 0) {
          prime = false;
          break;
        }
      }
      if (prime) {
        var root = Math.pow(n, exponent);
        found.push(((root - Math.floor(root)) * 4294967296) | 0);
      }
    }
    return found;
  }

  var initial = fractions(8, 1 / 2);
  var constants = fractions(64, 1 / 3);

  function rotate(x, n) {
    return (x >>> n) | (x << (32 - n));
  }

  // Takes characters below 256 and returns the eight words of the digest.
  function sha256(text) {
    var words = [];
    var i;
    for (i = 0; i < text.length; i++) {
      words[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
    }
    words[i >> 2] |= 0x80 << (24 - (i % 4) * 8);
    var last = (((text.length + 8) >> 6) + 1) * 16 - 1;
    words[last] = text.length * 8;
    var hash = initial.slice();
    var w = [];
    for (var block = 0; block < words.length; block += 16) {
      var h = hash.slice();
      for (i = 0; i < 64; i++) {
        if (i < 16) {
          w[i] = words[block + i] | 0;
        } else {
          var s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >>> 3);
          var s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >>> 10);
          w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
        }
        var choice = (h[4] & h[5]) ^ (~h[4] & h[6]);
        var majority = (h[0] & h[1]) ^ (h[0] & h[2]) ^ (h[1] & h[2]);
        var one = (h[7] + (rotate(h[4], 6) ^ rotate(h[4], 11) ^ rotate(h[4], 25)) + choice + constants[i] + w[i]) | 0;
        var two = ((rotate(h[0], 2) ^ rotate(h[0], 13) ^ rotate(h[0], 22)) + majority) | 0;
        h = [(one + two) | 0, h[0], h[1], h[2], (h[3] + one) | 0, h[4], h[5], h[6]];
      }
      for (i = 0; i < 8; i++) {
        hash[i] = (hash[i] + h[i]) | 0;
      }
    }
    return hash;
  }

  var alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

  // base64url of the 32 bytes: 43 characters.
  function encode(hash) {
    var text = '';
    for (var bit = 0; bit < 256; bit += 6) {
      var value = 0;
      for (var i = bit; i < bit + 6; i++) {
        value = value * 2 + (i < 256 ? (hash[i >> 5] >>> (31 - (i % 32))) & 1 : 0);
      }
      text += alphabet.charAt(value);
    }
    return text;
  }

  function browserState() {
    var cookies = document.cookie.split(';');
    for (var i = 0; i < cookies.length; i++) {
      var cookie = cookies[i].replace(/^\s+/, '');
      if (cookie.indexOf(name + '=') === 0) {
        return cookie.substring(name.length + 1);
      }
    }
    return '';
  }

  function answer(message, origin) {
    if (typeof message !== 'string') {
      return 'error';
    }
    // A client_id may hold spaces, a session_state may not.
    var space = message.lastIndexOf(' ');
    var parts = /^([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]+)$/.exec(message.substring(space + 1));
    if (space < 1 || !parts) {
      return 'error';
    }
    var text = message.substring(0, space) + ' ' + origin + ' ' + browserState() + ' ' + parts[2];
    return encode(sha256(unescape(encodeURIComponent(text)))) === parts[1] ? 'unchanged' : 'changed';
  }

  window.addEventListener('message', function (event) {
    // A page without an origin of its own cannot be answered, and has no client.
    if (event.source && event.origin && event.origin !== 'null') {
      event.source.postMessage(answer(event.data, event.origin), event.origin);
    }
  });
})();
