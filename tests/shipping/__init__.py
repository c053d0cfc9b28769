"""What a user installs: packages, image, chart, site. `make shipping` runs it, in an environment of its own."""
