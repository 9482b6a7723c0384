"""Redmine: tickets, news, a banner page and snooze dates through its REST API; the rest through people."""
