"""The parts of the upload page that people fill in: files, questions, mapping, metadata, withdrawals."""
