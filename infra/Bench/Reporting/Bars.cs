using Metering.Bench.Overload;

namespace Metering.Bench.Reporting;

/// <summary>The bars of the design, from what was measured in this run; what was not measured has none.</summary>
internal static class Bars
{
    internal const string Sql = "sql";
    internal const string SqlInTwo = "sql, 2 statements";
    internal const string Redis = "redis";
    internal const string Unary = "unary";
    internal const string Session = "session";
    internal const string Textbook = "textbook";
    internal const string Store = "store alone";
    internal const string UnaryHalf = "unary at half load";
    internal const string StoreHalf = "store alone at half load";

    internal static IReadOnlyList<Bar> Of(Report report) =>
        [.. Ours(report).Concat(Node(report)).Concat(Overloaded(report)).Concat(Extras(report)).OfType<Bar>()];

    private static IEnumerable<Bar?> Ours(Report report)
    {
        double? Of(string name, string users, int callers) => report.Find(name, users, callers)?.CyclesPerSecond;
        var (sql, sqlHot) = (Of(Sql, "spread", 64), Of(Sql, "hot", 64));
        var (unary, hot) = (Of($"{Unary}, sqlite", "spread", 64), Of($"{Unary}, sqlite", "hot", 64));
        yield return AtLeast("unary-over-sql", unary, sql, 5, "unary cycles/s over the row-lock SQL way's, 1,000 users, 64 callers");
        yield return AtLeast("unary-over-redis", unary, Of(Redis, "spread", 64), 1, "the same over Redis Lua with AOF always");
        yield return AtLeast("session-over-sql", Of($"{Session}, sqlite", "spread", 1_024), sql, 8,
            "64 sessions of 16 in flight over the SQL way");
        yield return AtLeast("hot-over-sql", hot, sqlHot, 25, "one hot user over the SQL way on one row, 64 callers");
        yield return AtLeast("hot-over-spread", hot, unary, 0.8, "one hot user over 1,000 users, 64 callers");
        yield return AtMost("p99-at-half-load", report.Find($"{UnaryHalf}, sqlite", "spread", 0)?.P99,
            report.Find($"{StoreHalf}, sqlite", "spread", 0)?.P99, 5,
            "p99 of a cycle at half of the unary rate over the store's own two appends");
    }

    // two appends a cycle: at this load nearly every command is an append of its own
    private static IEnumerable<Bar?> Node(Report report)
    {
        double? Of(string name, string users) => report.Find($"{name}, esdb", users, 64)?.CyclesPerSecond;
        yield return AtLeast("esdb-over-node", Of(Unary, "spread"), Of(Store, "spread"), 0.6,
            "appends/s over the node's own through its client");
        yield return AtLeast("esdb-hot-over-sql", Of(Unary, "hot"), report.Find(Sql, "hot", 64)?.CyclesPerSecond, 10,
            "hot over the SQL way on one row");
        yield return AtLeast("esdb-over-textbook", Of(Unary, "spread"), Of(Textbook, "spread"), 5,
            "spread over the textbook way on the same node");
        yield return AtLeast("esdb-hot-over-textbook", Of(Unary, "hot"), Of(Textbook, "hot"), 200,
            "hot over the textbook way on the same node");
    }

    private static IEnumerable<Bar?> Overloaded(Report report)
    {
        yield return AtLeast("overload-throughput", report.Value(OverloadRun.Done), report.Value(OverloadRun.Peak), 0.8,
            "commands/s done at four times the peak, over the peak");
        yield return AtMost("overload-refusals", report.Value(OverloadRun.Refusals), 10, 1, "p99 of refused calls in ms, over 10");
        yield return AtMost("overload-memory", report.Value(OverloadRun.MemoryAfter), report.Value(OverloadRun.MemoryBefore), 1.5,
            "the most that was resident in the overload over that at the peak");
    }

    private static IEnumerable<Bar?> Extras(Report report)
    {
        yield return AtMost("first-command", report.Value("first command, long history"), report.Value("first command, short history"), 1.5,
            "first command for a user of a long history over one of 1,000 events");
        yield return AtLeast("replay-rate", report.Value("replay"), 300_000, 1,
            "events/s of processor time, read, decoded and folded, over 300,000");
        yield return AtMost("what-if", report.Value("what-if over 1,000,000 events"), 5, 1, "seconds, over 5");
        yield return AtMost("memory-per-user", report.Value("memory per cached user"), 2_048, 1, "bytes beside remembered ids, over 2 KB");
        yield return AtMost("make-run", report.Value("main job"), 15, 1, "seconds of `make run` after the build, over 15");
    }

    private static Bar? AtLeast(string name, double? value, double? against, double limit, string what) =>
        value is { } measured && against is { } other ? new Bar(name, measured / other, limit, Least: true, what) : null;

    private static Bar? AtMost(string name, double? value, double? against, double limit, string what) =>
        value is { } measured && against is { } other ? new Bar(name, measured / other, limit, Least: false, what) : null;
}
