using Metering.V1;

namespace Metering.MainJob;

/// <summary>The story itself, step by step.</summary>
internal sealed class Run(Trace trace, Children children, Story story, TimeProvider time)
{
    private static readonly TimeSpan Obituary = TimeSpan.FromSeconds(1);

    /// <returns>The line that says what Stripe's total and the ledger's are.</returns>
    internal async Task<string> Tell(CancellationToken cancellation)
    {
        var start = time.GetTimestamp();
        story.Step("Start a Stripe simulator and the host");
        var simulator = await children.Simulator(cancellation);
        story.Line($"stripe simulator  {simulator}");
        using var stripe = new StripeAccount(simulator);
        var customers = Customers(stripe, cancellation);
        var host = await children.Host(simulator, cancellation);
        story.Line($"metering host     {host}  (gRPC, ready after {Words.Seconds(time.GetElapsedTime(start))})");
        using var clients = new Clients(host, time);
        return await WhileAllLive(run => Tell(stripe, clients, customers, run), cancellation);
    }

    // A child that ends is the cause of whatever else goes wrong then: it is the one to be named.
    private async Task<string> WhileAllLive(Func<CancellationToken, Task<string>> tell, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var death = children.Watch();
        var telling = tell(stop.Token);
        await Task.WhenAny(telling, death);
        if (!telling.IsCompletedSuccessfully) await Task.WhenAny(death, Task.Delay(Obituary, time, cancellation));
        if (!death.IsFaulted) return await telling;
        await stop.CancelAsync();
        await telling.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await death;
        throw new InvalidOperationException("unreachable: the death of a child throws");
    }

    private async Task<string> Tell(StripeAccount stripe, Clients clients, Task<IReadOnlyList<User>> customers, CancellationToken cancellation)
    {
        var (plans, books) = (new Plans(clients), new Books(clients));
        var waiting = new Waiting(books, stripe, time);
        var users = await Subscribe(plans, customers, cancellation);
        await Meter(clients, plans, users, cancellation);
        var balances = await Live(waiting, users, cancellation);
        var periods = await Close(plans, waiting, users, cancellation);
        var state = await Report(waiting, periods, cancellation);
        await Count(books, cancellation);
        Show(users, balances, periods);
        return await Compare(books, users, balances, periods, state, cancellation);
    }

    // The trace's users with their customers at Stripe, which the simulator makes while the host starts.
    private async Task<IReadOnlyList<User>> Customers(StripeAccount stripe, CancellationToken cancellation)
    {
        await stripe.AddMeter(cancellation);
        var numbers = Enumerable.Range(0, Math.Min(Trace.Users, trace.Rows.Count)).ToList();
        var ids = await Task.WhenAll(numbers.Select(number => stripe.AddCustomer($"user {number}", cancellation)));
        return [.. numbers.Select(number => new User(number, [.. trace.Of(number)], ids[number]))];
    }

    private async Task<IReadOnlyList<User>> Subscribe(Plans plans, Task<IReadOnlyList<User>> customers, CancellationToken cancellation)
    {
        story.Step("Publish a hybrid plan and assign it");
        await plans.Publish(cancellation);
        story.Line($"{Words.Count(Plans.Quota)} tokens a month included (input and output), overage at {Words.Dollars(Plans.OveragePrice.Nanos)} per million without a bound,");
        story.Line($"usage reported to the Stripe meter {StripeAccount.Meter}");
        var users = await customers;
        await story.Follow("users subscribed", users.Count, gauge => Task.WhenAll(users.Select(async user =>
        {
            await plans.Assign(user, cancellation);
            gauge.Add();
        })));
        return users;
    }

    private async Task Meter(Clients clients, Plans plans, IReadOnlyList<User> users, CancellationToken cancellation)
    {
        story.Step($"Meter {Words.Count(trace.Rows.Count)} LLM calls of {users.Count} users, {Replay.Callers} callers at once");
        story.Line($"each: reserve the prompt + {Words.Count(trace.LargestOutput)} tokens, the most that any answer had; then commit what was really used");
        var sides = new SideStories(clients, plans, time).Run(cancellation);
        var took = await story.Follow("calls metered", trace.Rows.Count, gauge => new Replay(clients, trace.LargestOutput).Run(users, gauge, cancellation));
        var (held, unused) = (users.Sum(user => user.Held), users.Sum(user => user.Unused));
        story.Line($"{Words.Count(trace.Rows.Count)} calls in {Words.Seconds(took)}: {Words.Count((long)(trace.Rows.Count / took.TotalSeconds))} calls a second, each a durable reserve and a durable commit");
        story.Line($"{Words.Count(held)} tokens held, {Words.Count(held - unused)} used, {Words.Count(unused)} came back");
        story.Step("Meanwhile, on users of their own");
        foreach (var outcome in await sides) story.Line(outcome);
    }

    private async Task<IReadOnlyDictionary<string, Usage>> Live(Waiting waiting, IReadOnlyList<User> users, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, Usage>? balances = null;
        await story.Follow("live balances caught up", users.Count, async gauge => balances = await waiting.ForBalances(users, gauge, cancellation));
        return balances!.Where(balance => users.Any(user => user.Id == balance.Key)).ToDictionary();
    }

    private async Task<IReadOnlyDictionary<string, IReadOnlyList<PeriodDocument>>> Close(
        Plans plans, Waiting waiting, IReadOnlyList<User> users, CancellationToken cancellation)
    {
        story.Step("End the plans, which closes the billing periods");
        IReadOnlyDictionary<string, IReadOnlyList<PeriodDocument>>? periods = null;
        await Task.WhenAll(users.Select(user => user.Id).Concat(SideStories.Users).Select(user => plans.End(user, cancellation)));
        var took = await story.Follow("periods closed", users.Count, async gauge => periods = await waiting.ForPeriods(users, gauge, cancellation));
        story.Line($"{periods!.Values.Sum(of => of.Count)} periods closed after {Words.Seconds(took)}");
        return periods;
    }

    private async Task<StripeState> Report(
        Waiting waiting, IReadOnlyDictionary<string, IReadOnlyList<PeriodDocument>> periods, CancellationToken cancellation)
    {
        story.Step("Report each user's usage to Stripe");
        StripeState? state = null;
        var total = periods.Values.Sum(Books.Used);
        await story.Follow("tokens reported", total, async gauge => state = await waiting.ForStripe(total, gauge, cancellation));
        story.Line($"Stripe received {Words.Count(state!.Events)} meter events of {state.Totals.Values.Count(tokens => tokens != 0)} customers: {Words.Count(state.Total)} tokens; "
            + $"{state.Refused} refused, {state.Replayed} sent twice, {state.Failed} failed, {state.Dropped} dropped");
        return state;
    }

    private async Task Count(Books books, CancellationToken cancellation)
    {
        var progress = await books.Progress(cancellation);
        var counts = progress.ReadModels.MaxBy(model => model.EventsByType.Values.Sum())?.EventsByType ?? [];
        story.Step("What the ledger recorded");
        story.Line(string.Join(", ", counts.OrderByDescending(count => count.Value).Select(count => $"{Words.Count(count.Value)} {count.Key}")));
    }

    private void Show(IReadOnlyList<User> users, IReadOnlyDictionary<string, Usage> balances, IReadOnlyDictionary<string, IReadOnlyList<PeriodDocument>> periods)
    {
        story.Step("The users");
        var lines = users.Select(user => UserLine.Of(user, balances, periods)).ToList();
        story.Table(UserLine.Heads, UserLine.Rows(lines));
    }

    private async Task<string> Compare(
        Books books, IReadOnlyList<User> users, IReadOnlyDictionary<string, Usage> balances, IReadOnlyDictionary<string, IReadOnlyList<PeriodDocument>> periods,
        StripeState state, CancellationToken cancellation)
    {
        story.Step("Check that all agree, per user and in total");
        var names = users.ToDictionary(user => user.Customer, user => user.Id);
        var source = new Account("trace", users.ToDictionary(user => user.Id, user => user.Tokens));
        var ledger = new Account("closed periods (read model)", periods.ToDictionary(user => user.Key, user => Books.Used(user.Value)));
        var stripe = new Account("Stripe", state.Totals.ToDictionary(customer => names[customer.Key], customer => customer.Value));
        Account[] others =
        [
            new("live balances (read model)", balances.ToDictionary(user => user.Key, user => Books.Used(user.Value))), ledger,
            new("replay of the streams, by the service", await books.Replayed(users, cancellation)),
            new("stored events, added up here", await books.AddedUp(users, cancellation)), stripe,
        ];
        return Verdict(source, others, ledger.Total, stripe.Total);
    }

    private string Verdict(Account source, Account[] others, long ledger, long stripe)
    {
        foreach (var account in others.Prepend(source)) story.Line($"{Words.Count(account.Total),15}  {account.Name}");
        var differences = Checks.Differences(source, others);
        var totals = $"stripe total {Words.Plain(stripe)} {(stripe == ledger ? "=" : "!=")} ledger total {Words.Plain(ledger)}";
        if (differences.Count == 0) return totals;
        throw new JobException($"{differences.Count} differences, first {differences[0]}", [.. differences.Take(20).Select(difference => "   " + difference), totals]);
    }
}
