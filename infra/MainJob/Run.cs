namespace Metering.MainJob;

/// <summary>The programs and the story told over them: it ends when one of them does.</summary>
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
        var users = Users(stripe, cancellation);
        var host = await children.Host(simulator, cancellation);
        story.Line($"metering host     {host}  (gRPC, ready after {Words.Seconds(time.GetElapsedTime(start))})");
        using var clients = new Clients(host, time);
        return await WhileAllLive(
            async run => await new Chapters(trace, await users, clients, stripe, story, time).Tell(run), cancellation);
    }

    // The trace's users with their customers at Stripe, which the simulator makes while the host starts.
    private async Task<IReadOnlyList<User>> Users(StripeAccount stripe, CancellationToken cancellation)
    {
        await stripe.AddMeter(cancellation);
        var numbers = Enumerable.Range(0, Math.Min(Trace.Users, trace.Rows.Count)).ToList();
        var ids = await Task.WhenAll(numbers.Select(number => stripe.AddCustomer($"user {number}", cancellation)));
        return [.. numbers.Select(number => new User(number, [.. trace.Of(number)], ids[number]))];
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
        await Task.WhenAny(telling);
        await death;
        throw new InvalidOperationException("the death of a child throws");
    }
}
