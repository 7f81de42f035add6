"""What runs inside the containers of the bed that Docker Compose brings up."""
