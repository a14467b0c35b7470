"""The package's texts go where it goes."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("parcel")
