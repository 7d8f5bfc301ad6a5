"""The script that `as_python` fills in: in «» stands what is filled in."""

SCRIPT = '''"""A conversation with my own model, in LangChain. Nothing of it leaves this computer.

Needs: pip install llama-cpp-python langchain-community
"""

«imports»from langchain_community.llms import LlamaCpp
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, trim_messages
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

# This is your own model in LangChain: one file on your disk, loaded by llama.cpp.
# A 0.0 for rope means "as the file says"; the wrapper's own default is for other models.
llm = LlamaCpp(
«llm»)
model = llm.client  # llama.cpp itself: tokens, and what the file says about the model


def text_of(token):
    return model.detokenize([token], special=True).decode() if token >= 0 else ""


«ends»# A model continues text. Its chat template makes one text of many messages, in the form that
# it was trained on.
chat = Jinja2ChatFormatter(
    template=«template»,
    eos_token=text_of(model.token_eos()),
    bos_token=text_of(model.token_bos()),
)
ROLES = {"system": "system", "human": "user", "ai": "assistant"}


def render(prompt):
    turns = [{"role": ROLES[m.type], "content": m.content} for m in prompt.to_messages()]
«merge»    try:
        text = chat(messages=turns).prompt
    except Exception:  # a template that looks for tools
        text = chat(messages=turns, tools=[]).prompt
«opening»    # llama.cpp puts the mark of the beginning before it by itself: never twice
    bos = model.token_bos()
    is_twice = model.tokenize(text.encode(), special=True)[:2] == [bos, bos]
    return text.removeprefix(text_of(bos)) if is_twice else text


# What is always told (the system prompt first) and what was said so far: the memory.
«notes»FIXED = «fixed»
history = «history»
prompt = ChatPromptTemplate.from_messages([*FIXED, MessagesPlaceholder("history")])
chain = prompt | render | llm.bind(«bind»)


def tokens(text):
    return len(model.tokenize(text.encode(), add_bos=False, special=True))


def size(messages):
    return sum(tokens(m.content) for m in messages)


def prompt_size(messages):
    return tokens(render(prompt.invoke({"history": messages})))


# What the template puts around every message, and what is told in any case.
HELLO = HumanMessage("Hello")
ALONE = prompt_size([HELLO])
AROUND = max(prompt_size([HELLO, AIMessage("Hello"), HELLO]) - ALONE - 2 * tokens("Hello"), 0) / 2
ROOM = model.n_ctx() - «room» - ALONE


def remembered(messages):
    """The part of the conversation that is told with the next question."""
«memory»    kept = trim_messages(
        messages,
        max_tokens=ROOM,
        token_counter=lambda some: size(some) + AROUND * len(some),
        start_on="human",
    )
    return kept or messages[-1:]


def ask(question):
    history.append(HumanMessage(question))
    answer = chain.invoke({"history": remembered(history)})
    history.append(AIMessage(answer))
    return answer


«question»

print(ask(QUESTION))
'''
