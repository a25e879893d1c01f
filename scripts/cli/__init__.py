"""The command line `keel`: reading a deployed domain, trading on it, running what belongs to it."""
