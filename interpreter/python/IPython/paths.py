"""Folders of the user's."""


def get_ipython_dir():
    """Where the user's data of this program are."""
    from cellist.magics.packages import data_folder

    return str(data_folder())
