// Directus imports these names at start but only uses them for sandboxed
// extensions and the "exec" flow operation, which the tests never use.
class Isolate {}
class Reference {}
class ExternalCopy {}
class Callback {}
module.exports = { Isolate, Reference, ExternalCopy, Callback };
