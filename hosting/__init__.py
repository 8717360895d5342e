"""What a host needs beside the program: its service, its proxy, and what is known about its dependencies."""
