"""What can go wrong with the model hub, the network and the folders that models lie in."""

from __future__ import annotations

from app.core.errors import AppError


class HubError(AppError):
    code = "hub"
    summary = "The model hub gave an answer that Inglenook does not understand."
    action = "Try again later; the details say what came back."


class HubOffline(HubError):
    code = "hub.offline"
    summary = "Offline is switched on, so nothing was asked of the network."
    action = "Switch it off in the settings to search and download."


class HubUnreachable(HubError):
    code = "hub.unreachable"
    summary = "{host} cannot be reached."
    action = "Check the network connection, or choose a mirror in the settings."


class HubTooSlow(HubError):
    code = "hub.timeout"
    summary = "{host} did not answer in time."
    action = "Try again, or choose a mirror in the settings."


class HubNotTrusted(HubError):
    code = "hub.tls"
    summary = "The certificate of {host} is not trusted by this computer."
    action = "Someone may be listening in. Check date, proxy and network before you try again."


class NotAHub(HubError):
    code = "hub.not-a-hub"
    summary = "{host} answers, but not as a model hub does."
    action = "A network may ask you to log in first, or the address in the settings is wrong."


class ProxyFailed(HubError):
    code = "hub.proxy"
    summary = "The proxy does not let Inglenook through."
    action = "Check the proxy's address, name and password in the settings."


class SearchNotSupported(HubError):
    code = "hub.no-search"
    summary = "{host} cannot be searched."
    action = "Enter the name of a repository instead, such as owner/model."


class NeedsLogin(HubError):
    code = "hub.needs-login"
    summary = "{repo} is given only to people who are logged in and have accepted its terms."
    action = "Accept the terms at {url}, then put your access token into the settings."


class NeedsAccess(HubError):
    code = "hub.needs-access"
    summary = "Your account may not fetch {repo} yet."
    action = "Ask for access at {url}, then try again."


class BadToken(HubError):
    code = "hub.bad-token"
    summary = "The hub does not accept the access token."
    action = "Make a new one on the hub's site, or remove it: most models need none."


class RepoNotFound(HubError):
    code = "hub.no-repo"
    summary = "There is no repository {repo}, or it is private."
    action = "Check the name, or add an access token that may see it."


class RevisionNotFound(HubError):
    code = "hub.no-revision"
    summary = "{repo} has no version {revision}."
    action = "Leave the version out to get the newest one."


class RepoDisabled(HubError):
    code = "hub.disabled"
    summary = "The hub has closed {repo}."
    action = "Choose another repository."


class HubFileNotFound(HubError):
    code = "hub.no-file"
    summary = "{repo} has no file {file}."
    action = "Look at the list of its files again; they may have been renamed."


class RateLimited(HubError):
    code = "hub.rate-limited"
    summary = "The hub asks to wait {seconds} seconds."
    action = "Try again after that; an access token raises the limit."


class HubServerError(HubError):
    code = "hub.server"
    summary = "{host} has a problem of its own (error {status})."
    action = "Try again later, or choose a mirror in the settings."


class UnsafeName(HubError):
    code = "hub.unsafe-name"
    summary = "{repo} has a file whose name is not safe: {file}."
    action = "Inglenook does not fetch it. Choose another repository."


class WrongContent(HubError):
    code = "hub.wrong-content"
    summary = "What arrived of {file} is not what the hub announced."
    action = "It was thrown away. Download it again; if it happens again, the hub's file is broken."


class NoSpaceForModel(HubError):
    code = "hub.no-space"
    summary = "{file} needs {need} more on the disk, and {free} are free."
    action = "Make room, or move the models folder; what has arrived is kept."


class ModelsFolderFailed(HubError):
    code = "hub.folder"
    summary = "{path} cannot be written to."
    action = "Choose another models folder, or allow Inglenook to write there."


class DownloadBusy(HubError):
    code = "hub.busy"
    summary = "Another program or window is fetching {file} already."
    action = "Wait until it is done; it then appears here too."


class DownloaderDied(HubError):
    code = "hub.downloader-died"
    summary = "The process that downloads ended unexpectedly."
    action = "What has arrived is kept. Resume the download."


class CatalogueDamaged(HubError):
    code = "catalogue.damaged"
    summary = "The catalogue of models that came with Inglenook cannot be read."
    action = "Install Inglenook again; searching and downloading work without it."


class NoToken(HubError):
    code = "hub.no-token"
    summary = "There is no access token on this computer."
    action = "Make one on the hub's site and enter it; most models need none."


class TokenWithheld(HubError):
    code = "hub.token-withheld"
    summary = "The access token is not sent to {host}."
    action = "Allow it below the hub's address if you trust that mirror; it needs an https address."


class TokenNotKept(HubError):
    code = "hub.token-not-kept"
    summary = "The access token could not be stored or removed."
    action = "Check that the keyring is unlocked and your home folder can be written to."


class TokenFromOutside(HubError):
    code = "hub.token-from-outside"
    summary = "The access token comes from an environment variable, so it cannot be forgotten here."
    action = "Start Inglenook without HF_TOKEN."


class ModelsNotMoved(HubError):
    code = "hub.not-moved"
    summary = "{name} is already in {folder}, with other content, so nothing was moved."
    action = "Choose an empty folder, or take that file away."


class BadAddress(HubError):
    code = "hub.bad-address"
    summary = "That is not an address Inglenook can use; what was set before stays in force."
    action = "Write it like {example}."
