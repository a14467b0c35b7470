"""The package's texts go where it goes, and a module that nothing names."""

from PyInstaller.utils.hooks import collect_data_files

datas = collect_data_files("parcel")
hiddenimports = ["parcel.hidden"]
