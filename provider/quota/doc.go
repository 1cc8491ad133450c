// Package quota bounds what may be done in a window of time: by one network, to one
// address of mail, by one person. It does not know what is done, nor who is told
// what of a quota that is used up.
//
// A window begins with the first use and ends after its time, whatever is done in
// it: whoever goes on trying does not put it off.
package quota
