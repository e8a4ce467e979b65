%% shoal_bench: the workloads of bench/local in Erlang, for ratios in the same run.
%%
%% Speaks the line protocol of serve.ts: reads "run NAME SIZE ACTORS", answers with one
%% "@bench {json}" line per run. Every run checks its own result, as the others do.
-module(shoal_bench).
-behaviour(gen_server).
-behaviour(supervisor).
-export([main/0, sky/2]).
-export([init/1, handle_call/3, handle_cast/2, start_fragile/1]).

-define(NAMES, ["tell", "tell-many", "ping-pong", "thread-ring", "fork-join",
    "fork-join-throughput", "skynet", "big", "ask", "ask-deadline", "ask-concurrent",
    "ask-concurrent-deadline", "spawn-stop", "restart-storm", "idle-actor-bytes"]).

main() ->
    logger:set_primary_config(level, none),
    Quoted = [["\"", Name, "\""] || Name <- ?NAMES],
    io:format("@bench {\"ready\":true,\"names\":[~s]}~n", [lists:join(",", Quoted)]),
    loop().

loop() ->
    case io:get_line("") of
        eof -> halt();
        Line ->
            ["run", Name, Size, Actors] = string:tokens(string:trim(Line), " "),
            answer(attempt(Name, list_to_integer(Size), list_to_integer(Actors))),
            loop()
    end.

answer({work, Ms, Work}) -> io:format("@bench {\"ms\":~w,\"work\":~w}~n", [Ms, Work]);
answer({value, Ms, Value}) -> io:format("@bench {\"ms\":~w,\"value\":~w}~n", [Ms, Value]);
answer({error, Text}) -> io:format("@bench {\"error\":\"~s\"}~n", [Text]).

%% Each run has a process of its own, so that its garbage and its mailbox end with it.
attempt(Name, Size, Actors) ->
    erlang:garbage_collect(),
    {Pid, Ref} = spawn_monitor(fun() -> exit({done, run(Name, Size, Actors)}) end),
    receive
        {'DOWN', Ref, process, Pid, {done, Outcome}} -> Outcome;
        {'DOWN', Ref, process, Pid, Reason} ->
            {error, lists:flatten(string:replace(io_lib:format("~0p", [Reason]), "\"", "'", all))}
    end.

timed(Work, Body) ->
    Start = erlang:monotonic_time(),
    Result = Body(),
    Ms = (erlang:monotonic_time() - Start) / erlang:convert_time_unit(1, second, native) * 1000,
    {{work, Ms, Work}, Result}.

%% The outcome counts only when the result is the expected one.
checked({Outcome, Expected}, Expected) -> Outcome;
checked({_, Result}, Expected) -> exit({wrong_result, Result, Expected}).

run("tell", Size, Producers) -> flood(Size, Producers);
run("tell-many", Size, Producers) -> flood(Size, Producers);
run("ping-pong", Size, _) ->
    Pong = spawn_link(fun() -> pong(0) end),
    {Outcome, ok} = timed(Size, fun() -> ping(Pong, Size) end),
    Pong ! {self(), count},
    checked({Outcome, receive {count, Count} -> Count end}, Size);
run("thread-ring", Size, Actors) ->
    Main = self(),
    First = spawn_link(fun() -> receive {next, Next} -> link_loop(0, Next, Main) end end),
    Last = lists:foldl(
        fun(Index, Next) -> spawn_link(fun() -> link_loop(Index, Next, Main) end) end,
        First, lists:seq(Actors - 1, 1, -1)),
    First ! {next, Last},
    checked(timed(Size, fun() ->
        First ! {token, Size}, receive {holder, Index} -> Index end end), Size rem Actors);
run("fork-join", Size, _) ->
    Main = self(),
    checked(timed(Size, fun() ->
        [spawn(fun() -> receive {add, Value} -> Main ! {joined, Value} end end) ! {add, Index}
            || Index <- lists:seq(0, Size - 1)],
        sum(joined, Size, 0)
    end), Size * (Size - 1) div 2);
run("fork-join-throughput", Size, Actors) ->
    Main = self(),
    Each = Size div Actors,
    Pids = [spawn_link(fun() -> Main ! {joined, take(Each, 0)} end)
        || _ <- lists:seq(1, Actors)],
    checked(timed(Size, fun() -> deal(Pids, Each), sum(joined, Actors, 0) end), Size);
run("skynet", Size, _) ->
    Main = self(),
    checked(timed(Size, fun() ->
        {Root, Ref} = spawn_monitor(?MODULE, sky, [Main, {0, Size}]),
        receive {sky, Sum} -> receive {'DOWN', Ref, process, Root, normal} -> Sum end end
    end), Size * (Size - 1) div 2);
run("big", Size, _) ->
    Actors = max(2, round(math:sqrt(Size / 2))),
    Main = self(),
    All = [spawn_link(fun() -> member(Main, Actors, 0) end) || _ <- lists:seq(1, Actors)],
    checked(timed(2 * Actors * Actors, fun() ->
        [Pid ! {start, All} || Pid <- All], sum(joined, Actors, 0) end), Actors * Actors);
run("ask", Size, Askers) -> asks(Size, Askers, infinity);
run("ask-deadline", Size, Askers) -> asks(Size, Askers, 1000);
run("ask-concurrent", Size, Askers) -> asks(Size, Askers, infinity);
run("ask-concurrent-deadline", Size, Askers) -> asks(Size, Askers, 1000);
run("spawn-stop", Size, Batch) ->
    checked(timed(Size, fun() -> lives(Size, Batch, 0) end), Size);
run("restart-storm", Size, _) -> storm(Size);
run("idle-actor-bytes", Size, _) -> idle(Size).

flood(Size, Producers) ->
    Main = self(),
    Each = Size div Producers,
    Counter = spawn_link(fun() -> count(Producers, 0, Main) end),
    checked(timed(Size, fun() ->
        [spawn_link(fun() -> send(Counter, 1, Each) end) || _ <- lists:seq(1, Producers)],
        receive {sum, Sum} -> Sum end
    end), Size).

count(0, Sum, Main) -> Main ! {sum, Sum};
count(Left, Sum, Main) ->
    receive
        {inc, By} -> count(Left, Sum + By, Main);
        done -> count(Left - 1, Sum, Main)
    end.

send(Counter, _, 0) -> Counter ! done;
send(Counter, By, Left) -> Counter ! {inc, By}, send(Counter, By, Left - 1).

ping(_, 0) -> ok;
ping(Pong, Left) -> Pong ! {self(), ball}, receive ball -> ping(Pong, Left - 1) end.

pong(Count) ->
    receive
        {From, ball} -> From ! ball, pong(Count + 1);
        {From, count} -> From ! {count, Count}
    end.

link_loop(Index, Next, Main) ->
    receive
        {token, 0} -> Main ! {holder, Index};
        {token, Left} -> Next ! {token, Left - 1}, link_loop(Index, Next, Main)
    end.

sum(_, 0, Sum) -> Sum;
sum(Tag, Left, Sum) -> receive {Tag, Value} -> sum(Tag, Left - 1, Sum + Value) end.

take(0, Count) -> Count;
take(Left, Count) -> receive {add, By} -> take(Left - 1, Count + By) end.

deal(_, 0) -> ok;
deal(Pids, Left) -> [Pid ! {add, 1} || Pid <- Pids], deal(Pids, Left - 1).

sky(Parent, {First, 1}) -> Parent ! {sky, First};
sky(Parent, {First, Size}) ->
    Share = Size div 10,
    [spawn(?MODULE, sky, [self(), {First + Child * Share, Share}]) || Child <- lists:seq(0, 9)],
    Parent ! {sky, sum(sky, 10, 0)}.

member(Main, Actors, Actors) -> Main ! {joined, Actors}, answer_pings();
member(Main, Actors, Pongs) ->
    receive
        {start, All} -> [Pid ! {ping, self()} || Pid <- All], member(Main, Actors, Pongs);
        {ping, From} -> From ! {pong, 1}, member(Main, Actors, Pongs);
        {pong, By} -> member(Main, Actors, Pongs + By)
    end.

answer_pings() -> receive {ping, From} -> From ! {pong, 1}, answer_pings() end.

asks(Size, Askers, Timeout) ->
    {ok, Server} = gen_server:start_link(?MODULE, tally, []),
    Main = self(),
    Each = Size div Askers,
    Asker = fun() -> asker(Server, Each, Timeout), Main ! {joined, Each} end,
    checked(timed(Size, fun() ->
        [spawn_link(Asker) || _ <- lists:seq(1, Askers)],
        Size = sum(joined, Askers, 0),
        gen_server:call(Server, {add, 0})
    end), Size).

asker(_, 0, _) -> ok;
asker(Server, Left, Timeout) ->
    true = gen_server:call(Server, {add, 1}, Timeout) > 0,
    asker(Server, Left - 1, Timeout).

lives(Size, _, Size) -> Size;
lives(Size, Batch, Ended) ->
    Main = self(),
    Pids = [spawn_monitor(fun() -> Main ! {joined, 1}, receive stop -> ok end end)
        || _ <- lists:seq(1, Batch)],
    Batch = sum(joined, Batch, 0),
    [Pid ! stop || {Pid, _} <- Pids],
    [receive {'DOWN', Ref, process, Pid, normal} -> ok end || {Pid, Ref} <- Pids],
    lives(Size, Batch, Ended + Batch).

%% A child that ends abnormally at each message, restarted by an OTP supervisor.
storm(Size) ->
    process_flag(trap_exit, true),
    {ok, Supervisor} = supervisor:start_link(?MODULE, {storm, self()}),
    First = receive {begun, Pid} -> Pid end,
    {Outcome, Count} = timed(Size, fun() -> restarts(First, Size, 0) end),
    unlink(Supervisor),
    exit(Supervisor, kill),
    checked({Outcome, Count}, Size).

restarts(_, Size, Size) -> Size;
restarts(Pid, Size, Count) ->
    gen_server:cast(Pid, fail),
    receive {begun, Next} -> restarts(Next, Size, Count + 1) end.

start_fragile(Main) -> gen_server:start_link(?MODULE, {fragile, Main}, []).

init(tally) -> {ok, 0};
init({fragile, Main}) -> Main ! {begun, self()}, {ok, 0};
init({storm, Main}) ->
    Child = #{id => fragile, start => {?MODULE, start_fragile, [Main]}},
    {ok, {#{strategy => one_for_one, intensity => 1000000000, period => 1}, [Child]}}.

handle_call({add, By}, _, Sum) -> {reply, Sum + By, Sum + By}.
handle_cast(fail, _) -> exit(failure).

idle(Size) ->
    Start = erlang:monotonic_time(millisecond),
    Before = erlang:memory(processes),
    Pids = [spawn(fun() -> receive stop -> ok end end) || _ <- lists:seq(1, Size)],
    timer:sleep(50),
    Bytes = erlang:memory(processes) - Before,
    true = lists:all(fun erlang:is_process_alive/1, Pids),
    [Pid ! stop || Pid <- Pids],
    {value, erlang:monotonic_time(millisecond) - Start, Bytes / Size}.
