// Package conformance restates the OpenID Connect provider plans of the OpenID
// Foundation's conformance suite as tests: TestConformance/<module>/<plan and
// variant>, against the running provider over HTTPS, with a real Directus behind
// it and a scripted browser in front. [Plans] is the literal table of which plan
// runs what, and [Runs] is every run that follows from it.
//
// A module asserts every condition of the module it is named after. What the
// suite only warns of fails here. Whatever the suite would have a person look at
// is checked by the ids and anchors that the pages promise to keep.
//
// The tests judge the provider from outside: they parse and verify tokens and
// compute hashes by themselves, and import nothing of the provider for it.
//
// # Directus
//
// A run starts and prepares one Directus of its own. Who runs the tests often,
// as the mutants do, starts one with
//
//	go run ./e2e/conformance/directus
//
// which prints one line of JSON when it is ready and ends with its standard
// input, and hands the line to the tests in GATEHOUSE_CONFORMANCE_DIRECTUS. From
// Go, [StartDirectus] does the same.
package conformance
