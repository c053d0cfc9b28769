"""Nun-db's data directory, read without the node: what is saved, what a crash would lose, what a restart would meet.

Pure: `layout` knows the files by their names, `oplog`, `keys` and `metadata` read their bytes, `contents` says what was
read, `conditions` what it means, `families` how it is shown. Only `disk`, `watch` and `source` read files, and nothing
writes. Of values nothing is read but the length of a file's last one; of keys nothing is kept but where one is damaged.
"""
