"""Due or not, next times, cron and systemd units. Nothing yet."""
