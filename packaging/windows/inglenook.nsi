; Run under wine on 2026-11-25: compiled with makensis 3.08 over a stand-in folder, installed, used
; and removed (try_installer.sh). Not yet run on Windows.
;
; The Windows installer: for one person, no administrator, start menu entry, .gguf association.
; Called by build.py with
;   -DVERSION=0.1.0  -DDIST=folder with inglenook.exe  -DOUTPUT=setup.exe
;   -DLISTS=folder with installed.nsh (generated: what is put there)  [-DICON=inglenook.ico -DSIDE=side.bmp]
;
; The uninstaller removes exactly what the installer put there, file by file: a folder that the
; person chose may hold other things. Conversations and models are in another folder, are never
; touched, and no page offers to.

!ifdef TARGET
  Target ${TARGET}  ; amd64-unicode, which Debian's NSIS has and wine without 32-bit parts can run
!endif
Unicode true
RequestExecutionLevel user
ManifestDPIAware true
ManifestSupportedOS Win10
SetCompressor /SOLID lzma
SetCompressorDictSize 64

!include MUI2.nsh
!include LogicLib.nsh
!include FileFunc.nsh
!include WinVer.nsh
!include x64.nsh

!define NAME "Inglenook"
!define PROGRAM "inglenook.exe"
!define TYPE "Inglenook.gguf"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Inglenook"
!define SETTINGS "Software\Inglenook"
!define IN_USE 3  ; exit codes of a silent run: 0 done, 1 cancelled, 2 this Windows, 3 in use
!define WRONG_WINDOWS 2

Name "${NAME}"
OutFile "${OUTPUT}"
BrandingText "${NAME} ${VERSION}"
InstallDir "$LOCALAPPDATA\Programs\${NAME}"
InstallDirRegKey HKCU "${SETTINGS}" "InstallFolder"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "${NAME} installer"
VIAddVersionKey "LegalCopyright" "The Inglenook developers, MIT licence"

!ifdef ICON
  !define MUI_ICON "${ICON}"
  !define MUI_UNICON "${ICON}"
!endif
!ifdef SIDE
  !define MUI_WELCOMEFINISHPAGE_BITMAP "${SIDE}"
  !define MUI_WELCOMEFINISHPAGE_BITMAP_STRETCH FitControl
  !define MUI_UNWELCOMEFINISHPAGE_BITMAP "${SIDE}"
  !define MUI_UNWELCOMEFINISHPAGE_BITMAP_STRETCH FitControl
!endif
!define MUI_ABORTWARNING
!define MUI_FINISHPAGE_RUN "$INSTDIR\${PROGRAM}"
!define MUI_WELCOMEPAGE_TEXT "$(WelcomeText)"
!define MUI_UNCONFIRMPAGE_TEXT_TOP "$(DataStaysText)"
!define MUI_UNTEXT_FINISH_INFO_TEXT "$(DataStaysText)"

!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_UNPAGE_FINISH
!insertmacro MUI_LANGUAGE "English"
!insertmacro MUI_LANGUAGE "SimpChinese"

LangString WelcomeText ${LANG_ENGLISH} "Inglenook lets you chat with language models on your own computer, offline.$\r$\n$\r$\nIt is installed for you alone and needs no administrator. What you wrote with an earlier version stays."
LangString WelcomeText ${LANG_SIMPCHINESE} "Inglenook 让您在自己的电脑上与语言模型聊天，无需联网。$\r$\n$\r$\n程序只为您本人安装，不需要管理员权限。您用旧版本写下的内容会保留。"
LangString DataStaysText ${LANG_ENGLISH} "Your conversations, settings and models stay. They are in $LOCALAPPDATA\${NAME}; if you want them gone too, delete that folder yourself."
LangString DataStaysText ${LANG_SIMPCHINESE} "您的对话、设置和模型会保留在 $LOCALAPPDATA\${NAME}。如果也不再需要它们，请自行删除该文件夹。"
LangString InUseText ${LANG_ENGLISH} "Inglenook is open. Close its window, then choose Retry."
LangString InUseText ${LANG_SIMPCHINESE} "Inglenook 正在运行。请关闭它的窗口，然后选择“重试”。"
LangString WindowsText ${LANG_ENGLISH} "Inglenook needs 64-bit Windows 10 or newer."
LangString WindowsText ${LANG_SIMPCHINESE} "Inglenook 需要 64 位的 Windows 10 或更新版本。"
LangString TypeText ${LANG_ENGLISH} "Language model (GGUF)"
LangString TypeText ${LANG_SIMPCHINESE} "语言模型 (GGUF)"
LangString AboutText ${LANG_ENGLISH} "Chat with language models on your own computer, offline"
LangString AboutText ${LANG_SIMPCHINESE} "在自己的电脑上与语言模型聊天，无需联网"

; Windows lets no running program be written to: so writing is how to see that one is running.
!macro WaitUntilClosed
  ${DoWhile} ${FileExists} "$INSTDIR\${PROGRAM}"
    ClearErrors
    FileOpen $0 "$INSTDIR\${PROGRAM}" a
    ${IfNot} ${Errors}
      FileClose $0
      ${ExitDo}
    ${EndIf}
    ${If} ${Cmd} `MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$(InUseText)" /SD IDCANCEL IDCANCEL`
      SetErrorLevel ${IN_USE}
      Quit
    ${EndIf}
  ${Loop}
!macroend

; Explorer reads associations again
!macro TellExplorer
  System::Call "shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)"
!macroend

!macro RemoveProgram
  !include "${LISTS}\installed.nsh"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"  ; stays when something else is in it
!macroend

Function .onInit
  ${IfNot} ${RunningX64}
  ${OrIfNot} ${AtLeastWin10}
    MessageBox MB_OK|MB_ICONSTOP "$(WindowsText)" /SD IDOK
    SetErrorLevel ${WRONG_WINDOWS}
    Quit
  ${EndIf}
FunctionEnd

Section "-program"
  SetShellVarContext current
  !insertmacro WaitUntilClosed
  ; what an older version had and this one has not; it knows its own files
  ReadRegStr $0 HKCU "${SETTINGS}" "InstallFolder"
  ${If} $0 != ""
  ${AndIf} ${FileExists} "$0\uninstall.exe"
    ExecWait '"$0\uninstall.exe" /S _?=$0' $1
    ${If} $1 != 0  ; open, in a folder other than the one chosen now
      SetErrorLevel ${IN_USE}
      Abort "$(InUseText)"
    ${EndIf}
    Delete "$0\uninstall.exe"
    RMDir "$0"
  ${EndIf}

  SetOutPath "$INSTDIR"
  File /r "${DIST}\*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "${SETTINGS}" "InstallFolder" "$INSTDIR"
  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\${PROGRAM}" "" "" "" "" "" "$(AboutText)"

  ; the list of installed programs
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\${PROGRAM}"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The Inglenook developers"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  IntFmt $0 "0x%08X" $0
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" "$0"

  ; .gguf: offered beside other programs, and the first choice only where there is none
  WriteRegStr HKCU "Software\Classes\${TYPE}" "" "$(TypeText)"
  WriteRegStr HKCU "Software\Classes\${TYPE}\DefaultIcon" "" "$INSTDIR\${PROGRAM},0"
  WriteRegStr HKCU "Software\Classes\${TYPE}\shell\open\command" "" '"$INSTDIR\${PROGRAM}" "%1"'
  WriteRegStr HKCU "Software\Classes\.gguf\OpenWithProgids" "${TYPE}" ""
  ReadRegStr $0 HKCR ".gguf" ""
  ${If} $0 == ""
    WriteRegStr HKCU "Software\Classes\.gguf" "" "${TYPE}"
  ${EndIf}
  ; Settings > Apps > Default apps
  WriteRegStr HKCU "${SETTINGS}\Capabilities" "ApplicationName" "${NAME}"
  WriteRegStr HKCU "${SETTINGS}\Capabilities" "ApplicationDescription" "$(AboutText)"
  WriteRegStr HKCU "${SETTINGS}\Capabilities\FileAssociations" ".gguf" "${TYPE}"
  WriteRegStr HKCU "Software\RegisteredApplications" "${NAME}" "${SETTINGS}\Capabilities"
  !insertmacro TellExplorer
SectionEnd

Section "Uninstall"
  SetShellVarContext current
  !insertmacro WaitUntilClosed
  !insertmacro RemoveProgram
  Delete "$SMPROGRAMS\${NAME}.lnk"

  ReadRegStr $0 HKCU "Software\Classes\.gguf" ""
  ${If} $0 == "${TYPE}"  ; not another program's
    DeleteRegValue HKCU "Software\Classes\.gguf" ""
  ${EndIf}
  DeleteRegValue HKCU "Software\Classes\.gguf\OpenWithProgids" "${TYPE}"
  DeleteRegKey /ifempty HKCU "Software\Classes\.gguf\OpenWithProgids"
  DeleteRegKey /ifempty HKCU "Software\Classes\.gguf"
  DeleteRegKey HKCU "Software\Classes\${TYPE}"
  DeleteRegValue HKCU "Software\RegisteredApplications" "${NAME}"
  DeleteRegKey HKCU "${SETTINGS}"
  DeleteRegKey HKCU "${UNINSTALL}"
  !insertmacro TellExplorer
SectionEnd
