"""How the dashboard is served: what every answer carries, its health, its figures and its log."""
