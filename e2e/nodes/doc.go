// Package nodes holds the test of several Gatehouse nodes on one Redis Cluster:
// while people sign in and apps refresh, one node at a time is killed without
// warning. What was acknowledged must not be lost, changes of users count once, and
// the session that a sign-in has at Directus is refreshed by one node at a time.
package nodes
