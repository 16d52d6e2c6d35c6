"""What is asked: models, layouts, schedules, jobs, prices and scenarios."""
