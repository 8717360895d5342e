"""The parts of the review page, and what both it and the upload page need of a signed-in person."""
