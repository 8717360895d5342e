"""What comes in: files in every format an evaluation leaves behind, read, mapped and checked."""
