// Package nodes holds the test of several Gatehouse nodes on one Redis Cluster:
// while people sign in and apps refresh, one node at a time is killed without
// warning. What was acknowledged must not be lost.
package nodes
