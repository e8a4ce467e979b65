%% shoal_mesh_bench: two Erlang nodes on one machine, for ratios in the same run.
%%
%% Speaks the line protocol of serve.ts. The asking node starts the answering one, which listens
%% at a port given by hand, so no port mapper is left behind, and ends when its asker is gone.
-module(shoal_mesh_bench).
-export([main/1, answer/1]).

-define(SIZES, #{"ask-64" => 64, "ask-1k" => 1024, "ask-16k" => 16384, "ask-128k" => 131072,
    "ask-1m" => 1048576}).
-define(NAMES, ["ask-64", "ask-1k", "ask-16k", "ask-128k", "ask-1m", "asks-in-flight-64",
    "asks-in-flight-256", "tells-remote", "small-during-bulk"]).

main([Folder]) ->
    logger:set_primary_config(level, none),
    Names = lists:join(",", [["\"", Name, "\""] || Name <- ?NAMES]),
    io:format("@bench {\"ready\":true,\"names\":[~s]}~n", [Names]),
    loop(Folder, none).

loop(Folder, Known) ->
    case io:get_line("") of
        eof -> halt();
        Line ->
            ["run", Name, Size, InFlight] = string:tokens(string:trim(Line), " "),
            Echo = case Known of none -> meet(Folder); _ -> Known end,
            say(run(Name, Echo, list_to_integer(Size), list_to_integer(InFlight))),
            loop(Folder, Echo)
    end.

say({work, Ms, Work}) -> io:format("@bench {\"ms\":~w,\"work\":~w}~n", [Ms, Work]);
say({value, Ms, Value}) -> io:format("@bench {\"ms\":~w,\"value\":~w}~n", [Ms, Value]).

meet(Folder) ->
    {ok, [[Port]]} = init:get_argument(erl_epmd_port),
    Id = os:getpid(),
    Answerer = list_to_atom("answerer" ++ Id ++ "@127.0.0.1"),
    Args = ["+S", "1:1", "-noinput", "-name", atom_to_list(Answerer), "-setcookie", Id,
        "-start_epmd", "false", "-erl_epmd_port", Port, "-kernel", "inet_dist_use_interface",
        "{127,0,0,1}", "-pa", Folder, "-run", "shoal_mesh_bench", "answer", "asker"],
    open_port({spawn_executable, os:find_executable("erl")}, [{args, Args}]),
    Asker = list_to_atom("asker" ++ Id ++ "@127.0.0.1"),
    {ok, _} = net_kernel:start(Asker, #{name_domain => longnames, dist_listen => false}),
    erlang:set_cookie(list_to_atom(Id)),
    wait_for(Answerer, 100),
    {echo, Answerer}.

wait_for(Node, 0) -> exit({no_connection, Node});
wait_for(Node, Left) ->
    case net_kernel:connect_node(Node) of
        true -> registered(Node);
        _ -> timer:sleep(100), wait_for(Node, Left - 1)
    end.

registered(Node) ->
    case rpc:call(Node, erlang, whereis, [echo]) of
        Pid when is_pid(Pid) -> ok;
        _ -> timer:sleep(50), registered(Node)
    end.

answer(_) ->
    register(echo, self()),
    net_kernel:monitor_nodes(true, #{node_type => all}),
    timer:send_after(30000, lonely),
    echo(0).

echo(Count) ->
    receive
        {ask, From, Ref, Body} -> From ! {Ref, Body}, echo(Count);
        {count, _} -> echo(Count + 1);
        {counted, From, Ref} -> From ! {Ref, Count}, echo(Count);
        {nodedown, _, _} -> halt();
        lonely -> case nodes(connected) of [] -> halt(); _ -> echo(Count) end;
        _ -> echo(Count)
    end.

ask(Echo, Body) ->
    Ref = make_ref(),
    Echo ! {ask, self(), Ref, Body},
    receive {Ref, Answer} -> Answer end.

counted(Echo) ->
    Ref = make_ref(),
    Echo ! {counted, self(), Ref},
    receive {Ref, Count} -> Count end.

run("asks-in-flight-" ++ _, Echo, Size, InFlight) ->
    Body = binary:copy(<<7>>, 64),
    Share = Size div InFlight,
    timed(Share * InFlight, fun() -> crowd(InFlight, fun() -> repeat(Share, Echo, Body) end) end);
run("tells-remote", Echo, Size, _) ->
    Body = binary:copy(<<7>>, 64),
    Before = counted(Echo),
    timed(Size, fun() ->
        tell(Size, Echo, Body),
        Size = counted(Echo) - Before
    end);
run("small-during-bulk", Echo, Size, _) ->
    Bulk = binary:copy(<<7>>, 1048576),
    Bulks = [spawn_link(fun() -> forever(Echo, Bulk) end) || _ <- [1, 2]],
    Outcome = trips(Echo, Size, binary:copy(<<7>>, 64), 0.99, 1000000),
    [begin unlink(Pid), exit(Pid, kill) end || Pid <- Bulks],
    Outcome;
run(Name, Echo, Size, _) ->
    trips(Echo, Size, binary:copy(<<7>>, maps:get(Name, ?SIZES)), 0.5, 1000).

crowd(InFlight, Body) ->
    Crowd = [spawn_monitor(Body) || _ <- lists:seq(1, InFlight)],
    [receive {'DOWN', Ref, process, _, normal} -> ok end || {_, Ref} <- Crowd].

repeat(0, _, _) -> ok;
repeat(Left, Echo, Body) ->
    64 = byte_size(ask(Echo, Body)),
    repeat(Left - 1, Echo, Body).

forever(Echo, Body) -> ask(Echo, Body), forever(Echo, Body).

tell(0, _, _) -> ok;
tell(Left, Echo, Body) -> Echo ! {count, Body}, tell(Left - 1, Echo, Body).

trips(Echo, Count, Body, Share, Unit) ->
    Start = erlang:monotonic_time(nanosecond),
    Times = lists:sort([trip(Echo, Body) || _ <- lists:seq(1, Count)]),
    Ms = (erlang:monotonic_time(nanosecond) - Start) / 1000000,
    {value, Ms, lists:nth(min(Count, trunc(Share * Count) + 1), Times) / Unit}.

trip(Echo, Body) ->
    Start = erlang:monotonic_time(nanosecond),
    true = byte_size(ask(Echo, Body)) =:= byte_size(Body),
    erlang:monotonic_time(nanosecond) - Start.

timed(Work, Body) ->
    Start = erlang:monotonic_time(nanosecond),
    Body(),
    {work, (erlang:monotonic_time(nanosecond) - Start) / 1000000, Work}.
