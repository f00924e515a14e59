def open_session(session, path, partly):
    raise NotImplementedError
