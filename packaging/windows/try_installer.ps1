# not yet run: there is no Windows where this was written; the same steps were run under wine
# (try_installer.sh, 2026-11-25).
# Installs silently, asks the installed program, removes it, and looks at what is left.
param([Parameter(Mandatory)][string]$Setup)
$ErrorActionPreference = 'Stop'

function Assert([bool]$Condition, [string]$Words) {
    if (-not $Condition) { throw $Words }
    Write-Host "ok: $Words"
}

$folder = "$env:LOCALAPPDATA\Programs\Inglenook"
$data = "$env:LOCALAPPDATA\Inglenook"
$classes = 'HKCU:\Software\Classes'
$uninstall = 'HKCU:\Software\Microsoft\Windows\CurrentVersion\Uninstall\Inglenook'

New-Item -ItemType Directory -Force $data | Out-Null
Set-Content "$data\kept.txt" 'a conversation'

$run = Start-Process $Setup -ArgumentList '/S' -Wait -PassThru
Assert ($run.ExitCode -eq 0) 'the installer ended well'
Assert (Test-Path "$folder\inglenook.exe") 'the program is there'
Assert (Test-Path "$env:APPDATA\Microsoft\Windows\Start Menu\Programs\Inglenook.lnk") 'the start menu has it'
$command = (Get-ItemProperty "$classes\Inglenook.gguf\shell\open\command").'(default)'
Assert ($command -eq "`"$folder\inglenook.exe`" `"%1`"") 'a .gguf opens in it'

& "$folder\inglenook-cli.exe" ask 'What is 2+2?' --max-tokens 16
Assert ($LASTEXITCODE -eq 0) 'the installed program answers'

Set-Content "$folder\mine.txt" 'of the person'
# _?= keeps the uninstaller from copying itself elsewhere and ending at once
$run = Start-Process "$folder\uninstall.exe" -ArgumentList '/S', "_?=$folder" -Wait -PassThru
Assert ($run.ExitCode -eq 0) 'the uninstaller ended well'
Assert (-not (Test-Path "$folder\inglenook.exe")) 'the program is gone'
Assert (Test-Path "$folder\mine.txt") 'a file of the person in its folder stays'
Assert (Test-Path "$data\kept.txt") 'the data stays'
Assert (-not (Test-Path $uninstall)) 'the list of programs has forgotten it'
Assert (-not (Test-Path "$classes\Inglenook.gguf")) 'so has .gguf'
