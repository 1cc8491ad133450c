// Command mutants switches rules of the provider off, one at a time, and sees to
// it that the conformance tests notice. A test that passes whatever the provider
// does proves nothing; this shows that ours do not.
//
// [mutants] is the table: a rule, the text of the source that keeps it, what
// stands there instead, and the modules that must fail then. A mutant is compiled
// with an overlay of the one file, so that the working tree is never touched. Its
// modules run first; if none of them fails, all do. A mutant that survives, that
// does not compile, or whose text is no longer in its file once, fails the run.
//
// It starts one prepared Directus for all, unless GATEHOUSE_CONFORMANCE_DIRECTUS
// names one. It knows nothing of how modules check what they check.
package main
