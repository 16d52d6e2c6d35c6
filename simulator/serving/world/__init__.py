"""The world of serving requests: engines, queues, transfers and prefixes, event by event, compiled."""
