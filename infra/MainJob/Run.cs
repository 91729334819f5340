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
        using var stripe = new StripeAccount(simulator, Children.StripeKey);
        await stripe.AddMeter(cancellation);
        var users = Users(trace, "", stripe, cancellation);
        var host = await children.Host(simulator, cancellation);
        story.Line($"metering host     {host}  (gRPC, ready after {Words.Seconds(time.GetElapsedTime(start))})");
        using var clients = new Clients(Addresses.Of(host, simulator), time);
        return await WhileAllLive(
            async run => await new Chapters(trace, await users, "", clients, stripe, story, time).Tell(run), cancellation);
    }

    /// <summary>The same on services that run already.</summary>
    internal static async Task<string> OnStack(
        Trace trace, string name, Story story, TimeProvider time, CancellationToken cancellation)
    {
        var at = Addresses.FromEnvironment();
        story.Step("Find the services");
        story.Line($"reservations  {string.Join("  ", at.Reservations)}");
        story.Line($"balances      {at.Balances}");
        story.Line($"billing sync  {at.Billing}");
        story.Line($"stripe        {at.Stripe}");
        using var stripe = new StripeAccount(at.Stripe, at.StripeKey);
        using var clients = new Clients(at, time);
        var users = await Users(trace, name, stripe, cancellation);
        return await new Chapters(trace, users, name, clients, stripe, story, time).Tell(cancellation);
    }

    // The trace's users with their customers at Stripe, which the simulator makes while the host starts.
    private static async Task<IReadOnlyList<User>> Users(Trace trace, string name, StripeAccount stripe, CancellationToken cancellation)
    {
        var numbers = Enumerable.Range(0, Math.Min(Trace.Users, trace.Rows.Count)).ToList();
        var ids = await Task.WhenAll(numbers.Select(number => stripe.AddCustomer($"{name}user {number}", cancellation)));
        return [.. numbers.Select(number => new User($"{name}user-{number:000}", [.. trace.Of(number)], ids[number]))];
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
