"""`workbuoy access`: who read a customer's files, by the trail, the bucket's access log and the service's log."""
