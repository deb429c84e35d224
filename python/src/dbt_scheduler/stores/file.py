"""A registry in a folder: ``file:///srv/registry`` holds one ``{team}.json`` per team."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from dbt_scheduler.catalogue.inputs import SCH409
from dbt_scheduler.files import write_atomically
from dbt_scheduler.registry import Entry
from dbt_scheduler.stores._entries import Reading, RegistryUnreadableError, Store, decode, encode, is_team


def open_store(url: str) -> Store:
    """The folder that a ``file:`` URL names."""
    parts = urlsplit(url)
    if parts.netloc or not parts.path.startswith("/"):
        raise ValueError(f'"{url}" names no folder: write file:///an/absolute/folder')
    return FolderStore(Path(unquote(parts.path)))


class FolderStore:
    """One document per team in a folder; other files in it are left alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def teams(self) -> tuple[str, ...]:  # noqa: D102 - as the protocol says
        try:
            names = [path.stem for path in self.folder.iterdir() if path.suffix == ".json"]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise RegistryUnreadableError(_reason(error)) from None
        return tuple(sorted(name for name in names if is_team(name)))

    def read(self, team: str) -> Entry | None:  # noqa: D102
        if not is_team(team):
            return None
        try:
            content = self._file(team).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RegistryUnreadableError(_reason(error)) from None
        return decode(team, content)

    def read_all(self) -> Reading:  # noqa: D102
        entries, findings = {}, []
        for team in self.teams():
            try:
                entry = self.read(team)
            except RegistryUnreadableError as error:
                findings.append(SCH409.at(str(self._file(team)), subject=team, team=team, problem=str(error)))
            else:
                if entry is not None:
                    entries[team] = entry
        return Reading(entries, tuple(findings))

    def write(self, team: str, entry: Entry) -> None:  # noqa: D102
        if not is_team(team):
            raise ValueError(f"{team!r} cannot be the name of a team")
        write_atomically(self._file(team), encode(team, entry))

    def _file(self, team: str) -> Path:
        return self.folder / f"{team}.json"


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
