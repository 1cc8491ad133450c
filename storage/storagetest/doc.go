// Package storagetest holds the contract of storage.Backend as tests, and
// backends to test with.
//
// Run checks every sentence of storage.Backend and RunStore checks what Table
// and Store promise on top of it; a backend calls both from a test of a few
// lines. Memory is a Backend that forgets, Faulty one that crashes between two
// writes, Counting one that counts its round trips.
//
// It is for tests only, and knows no backend but its own.
package storagetest
