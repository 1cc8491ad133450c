// Directus imports the packages replaced by this stub only for features that
// these tests leave switched off (other databases, mail services, AI tracing).
module.exports = {};
