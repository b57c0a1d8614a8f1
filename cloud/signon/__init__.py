"""Single sign-on: resources and tools are told who comes, and identity providers that a school chose are believed."""
