<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en">
<context>
    <name>Announcer</name>
    <message numerus="yes">
        <source>Thought for %n seconds</source>
        <translation>
            <numerusform>Thought for %n second</numerusform>
            <numerusform>Thought for %n seconds</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Thought for %n minutes</source>
        <translation>
            <numerusform>Thought for %n minute</numerusform>
            <numerusform>Thought for %n minutes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>AnswerFigures</name>
    <message numerus="yes">
        <source>Reading %Ln tokens took {time} ({speed} tokens/s).</source>
        <translation>
            <numerusform>Reading %Ln token took {time} ({speed} tokens/s).</numerusform>
            <numerusform>Reading %Ln tokens took {time} ({speed} tokens/s).</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Writing %Ln tokens took {time} ({speed} tokens/s).</source>
        <translation>
            <numerusform>Writing %Ln token took {time} ({speed} tokens/s).</numerusform>
            <numerusform>Writing %Ln tokens took {time} ({speed} tokens/s).</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln of {all} layers were computed by the graphics card.</source>
        <translation>
            <numerusform>%Ln of {all} layers was computed by the graphics card.</numerusform>
            <numerusform>%Ln of {all} layers were computed by the graphics card.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>BatchWords</name>
    <message numerus="yes">
        <source>%n rows</source>
        <translation>
            <numerusform>%n row</numerusform>
            <numerusform>%n rows</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ConversationMenu</name>
    <message numerus="yes">
        <source>Delete %Ln conversations</source>
        <translation>
            <numerusform>Delete %Ln conversation</numerusform>
            <numerusform>Delete %Ln conversations</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>Counts</name>
    <message numerus="yes">
        <source>%Ln conversations</source>
        <translation>
            <numerusform>%Ln conversation</numerusform>
            <numerusform>%Ln conversations</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>In %Ln conversations</source>
        <translation>
            <numerusform>In %Ln conversation</numerusform>
            <numerusform>In %Ln conversations</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln conversations keep their text, but must be continued with another model.</source>
        <translation>
            <numerusform>%Ln conversation keeps its text, but must be continued with another model.</numerusform>
            <numerusform>%Ln conversations keep their text, but must be continued with another model.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln days left</source>
        <translation>
            <numerusform>%Ln day left</numerusform>
            <numerusform>%Ln days left</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>DetailView</name>
    <message numerus="yes">
        <source>{count} downloads</source>
        <translation>
            <numerusform>{count} download</numerusform>
            <numerusform>{count} downloads</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>{count} likes</source>
        <translation>
            <numerusform>{count} like</numerusform>
            <numerusform>{count} likes</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>FoldersPart</name>
    <message numerus="yes">
        <source>Move the models that are there (%Ln files, {size}) to {folder}?</source>
        <translation>
            <numerusform>Move the models that are there (%Ln file, {size}) to {folder}?</numerusform>
            <numerusform>Move the models that are there (%Ln files, {size}) to {folder}?</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>LibraryControl</name>
    <message numerus="yes">
        <source>Deleted %n prompts</source>
        <translation>
            <numerusform>Deleted %n prompt</numerusform>
            <numerusform>Deleted %n prompts</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Imported %n prompts</source>
        <translation>
            <numerusform>Imported %n prompt</numerusform>
            <numerusform>Imported %n prompts</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Exported %n prompts to {folder}</source>
        <translation>
            <numerusform>Exported %n prompt to {folder}</numerusform>
            <numerusform>Exported %n prompts to {folder}</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>MemoryWords</name>
    <message numerus="yes">
        <source>%Ln tokens</source>
        <translation>
            <numerusform>%Ln token</numerusform>
            <numerusform>%Ln tokens</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln messages</source>
        <translation>
            <numerusform>%Ln message</numerusform>
            <numerusform>%Ln messages</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Sending this leaves out %Ln messages from the middle.</source>
        <translation>
            <numerusform>Sending this leaves out %Ln message from the middle.</numerusform>
            <numerusform>Sending this leaves out %Ln messages from the middle.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Sending this leaves out the %Ln oldest messages.</source>
        <translation>
            <numerusform>Sending this leaves out the %Ln oldest message.</numerusform>
            <numerusform>Sending this leaves out the %Ln oldest messages.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>The model does not see the %Ln messages above</source>
        <translation>
            <numerusform>The model does not see the %Ln message above</numerusform>
            <numerusform>The model does not see the %Ln messages above</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Summarised: %Ln messages.</source>
        <translation>
            <numerusform>Summarised: %Ln message.</numerusform>
            <numerusform>Summarised: %Ln messages.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>PromptNote</name>
    <message numerus="yes">
        <source>Prompt: {title}, with instructions and %n examples</source>
        <translation>
            <numerusform>Prompt: {title}, with instructions and %n example</numerusform>
            <numerusform>Prompt: {title}, with instructions and %n examples</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Prompt: {title}, with %n examples</source>
        <translation>
            <numerusform>Prompt: {title}, with %n example</numerusform>
            <numerusform>Prompt: {title}, with %n examples</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>PromptView</name>
    <message numerus="yes">
        <source>%n more messages</source>
        <translation>
            <numerusform>%n more message</numerusform>
            <numerusform>%n more messages</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>RecoveryControl</name>
    <message numerus="yes">
        <source>%Ln layers on the graphics card</source>
        <translation>
            <numerusform>%Ln layer on the graphics card</numerusform>
            <numerusform>%Ln layers on the graphics card</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ResultsPane</name>
    <message numerus="yes">
        <source>%Ln results</source>
        <translation>
            <numerusform>%Ln result</numerusform>
            <numerusform>%Ln results</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SearchTab</name>
    <message numerus="yes">
        <source>{count} downloads</source>
        <translation>
            <numerusform>{count} download</numerusform>
            <numerusform>{count} downloads</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>SidebarControl</name>
    <message numerus="yes">
        <source>Deleted %n conversations</source>
        <translation>
            <numerusform>Deleted %n conversation</numerusform>
            <numerusform>Deleted %n conversations</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TokenCount</name>
    <message numerus="yes">
        <source>%Ln tokens, there is room for {room}</source>
        <translation>
            <numerusform>%Ln token, there is room for {room}</numerusform>
            <numerusform>%Ln tokens, there is room for {room}</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%Ln tokens</source>
        <translation>
            <numerusform>%Ln token</numerusform>
            <numerusform>%Ln tokens</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>_Side</name>
    <message numerus="yes">
        <source>%Ln tokens in {time}</source>
        <translation>
            <numerusform>%Ln token in {time}</numerusform>
            <numerusform>%Ln tokens in {time}</numerusform>
        </translation>
    </message>
</context>
</TS>
