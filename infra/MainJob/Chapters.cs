using Metering.V1;

namespace Metering.MainJob;

/// <summary>The story itself, step by step.</summary>
internal sealed class Chapters(
    Trace trace, IReadOnlyList<User> users, string name, Clients clients, StripeAccount stripe, Story story, TimeProvider time)
{
    private const int DifferencesShown = 20;

    private readonly Plans plans = new(clients);
    private readonly Books books = new(clients);
    private readonly Waiting waiting = new(new Books(clients), stripe, time);
    private readonly SideStories sideStories = new(clients, new Plans(clients), name, time);

    /// <returns>The line that says what Stripe's total and the ledger's are.</returns>
    internal async Task<string> Tell(CancellationToken cancellation)
    {
        // what a stack that is in use has seen before this run
        var (before, reported) = (await stripe.State(cancellation), await books.Reported(cancellation));
        var counted = Counts(await books.Progress(cancellation));
        await Subscribe(cancellation);
        var sides = sideStories.Run(cancellation);
        await Meter(cancellation);
        var balances = await Live(cancellation);
        await Aside(sides);
        var periods = await Close(cancellation);
        var state = await Report(periods.Values.Sum(Books.Used), before, reported.Accepted, cancellation);
        await Count(counted, cancellation);
        Show(balances, periods);
        return await Compare(balances, periods, state, cancellation);
    }

    private async Task Subscribe(CancellationToken cancellation)
    {
        story.Step("Publish a hybrid plan and assign it");
        await plans.Publish(cancellation);
        story.Line($"{Words.Count(Plans.Quota)} tokens a month included, input and output alike; beyond that overage without a bound,");
        story.Line($"at {Words.Dollars(Plans.OveragePrice.Nanos)} per million; all usage is reported to the Stripe meter {StripeAccount.Meter}");
        await story.Follow("users subscribed", users.Count, gauge => Task.WhenAll(users.Select(async user =>
        {
            await plans.Assign(user, cancellation);
            gauge.Add();
        })));
        story.Line($"{users.Count} users have it, each with a Stripe customer");
    }

    private async Task Meter(CancellationToken cancellation)
    {
        var calls = trace.Rows.Count;
        story.Step($"Meter {Words.Count(calls)} LLM calls of {users.Count} users, {Replay.Callers} callers at once");
        story.Line($"each: reserve the prompt + the largest output, {Words.Count(trace.LargestOutput)}; then commit what was really used");
        var replay = new Replay(clients, trace.LargestOutput);
        var took = await story.Follow("calls metered", calls, gauge => replay.Run(users, gauge, cancellation));
        var rate = (long)(calls / took.TotalSeconds);
        story.Line($"{Words.Count(calls)} calls in {Words.Seconds(took)}: {Words.Count(rate)} a second, each a durable reserve and a durable commit");
        var (held, unused) = (users.Sum(user => user.Held), users.Sum(user => user.Unused));
        story.Line($"{Words.Count(held)} tokens held, {Words.Count(held - unused)} used, {Words.Count(unused)} came back");
    }

    private async Task<UsageOf> Live(CancellationToken cancellation)
    {
        UsageOf? balances = null;
        await story.Follow(
            "live balances", users.Count, async gauge => balances = await waiting.ForBalances(users, gauge, cancellation));
        story.Line($"{Words.Count(balances!.Values.Sum(Books.Used))} tokens in the live balances");
        return balances;
    }

    private async Task Aside(Task<IReadOnlyList<string>> sides)
    {
        story.Step("Meanwhile, on users of their own");
        foreach (var outcome in await sides) story.Line(outcome);
    }

    private async Task<PeriodsOf> Close(CancellationToken cancellation)
    {
        story.Step("End the plans, which closes the billing periods");
        PeriodsOf? periods = null;
        await Task.WhenAll(users.Select(user => user.Id).Concat(sideStories.Users).Select(user => plans.End(user, cancellation)));
        var took = await story.Follow(
            "periods closed", users.Count, async gauge => periods = await waiting.ForPeriods(users, gauge, cancellation));
        story.Line($"{periods!.Values.Sum(of => of.Count)} periods closed after {Words.Seconds(took)}");
        return periods;
    }

    private async Task<StripeState> Report(long total, StripeState before, long reported, CancellationToken cancellation)
    {
        story.Step("Report each user's usage to Stripe");
        StripeState? state = null;
        var took = await story.Follow(
            "tokens reported", total, async gauge => state = await waiting.ForStripe(total, reported, gauge, cancellation));
        state = state!.Since(before);
        var customers = state.Totals.Values.Count(tokens => tokens != 0);
        story.Line($"Stripe took {Words.Count(state.Events)} meter events of {customers} customers: {Words.Count(state.Total)} tokens");
        story.Line($"after {Words.Seconds(took)}; {state.Refused} refused, {state.Replayed} sent twice, {state.Failed} failed, {state.Dropped} dropped");
        return state;
    }

    private async Task Count(IReadOnlyDictionary<string, long> before, CancellationToken cancellation)
    {
        var counts = Counts(await books.Progress(cancellation));
        story.Step("What the ledger recorded");
        var ordered = counts.Select(count => KeyValuePair.Create(count.Key, count.Value - before.GetValueOrDefault(count.Key)))
            .Where(count => count.Value > 0).OrderByDescending(count => count.Value).ThenBy(count => count.Key, StringComparer.Ordinal);
        story.Line(string.Join(", ", ordered.Select(count => $"{Words.Count(count.Value)} {count.Key}")));
    }

    private static IReadOnlyDictionary<string, long> Counts(V1.GetProgressReply progress) =>
        progress.ReadModels.MaxBy(model => model.EventsByType.Values.Sum())?.EventsByType.ToDictionary() ?? [];

    private void Show(UsageOf balances, PeriodsOf periods)
    {
        story.Step("The users");
        story.Table(UserLine.Heads, UserLine.Rows([.. users.Select(user => UserLine.Of(user, balances, periods))]));
    }

    private async Task<string> Compare(UsageOf balances, PeriodsOf periods, StripeState state, CancellationToken cancellation)
    {
        story.Step("Check that all agree, per user and in total");
        var names = users.ToDictionary(user => user.Customer, user => user.Id);
        var source = new Account("trace", users.ToDictionary(user => user.Id, user => user.Tokens));
        var ledger = new Account("closed periods (read model)", periods.ToDictionary(user => user.Key, user => Books.Used(user.Value)));
        var stripes = new Account("Stripe", state.Totals.ToDictionary(customer => names[customer.Key], customer => customer.Value));
        return Verdict(source, ledger, stripes,
            new Account("live balances (read model)", balances.ToDictionary(user => user.Key, user => Books.Used(user.Value))),
            new Account("replay of the streams, by the service", await books.Replayed(users, cancellation)),
            new Account("stored events, added up here", await books.AddedUp(users, cancellation)));
    }

    private string Verdict(Account source, Account ledger, Account stripes, params Account[] others)
    {
        Account[] all = [.. others, ledger, stripes];
        foreach (var account in all.Prepend(source)) story.Line($"{Words.Count(account.Total),15}  {account.Name}");
        var differences = Checks.Differences(source, all);
        var sign = stripes.Total == ledger.Total ? "=" : "!=";
        var totals = $"stripe total {Words.Plain(stripes.Total)} {sign} ledger total {Words.Plain(ledger.Total)}";
        if (differences.Count == 0) return totals;
        var shown = differences.Take(DifferencesShown).Select(difference => "   " + difference);
        throw new JobException($"{differences.Count} differences, first {differences[0]}", [.. shown, totals]);
    }
}
