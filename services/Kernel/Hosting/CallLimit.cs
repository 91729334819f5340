using System.Globalization;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Metering.Kernel.Hosting;

/// <summary>
/// A bound on the unary calls under way. Further ones are refused at once with RESOURCE_EXHAUSTED, before anything of them is read and
/// nothing done: however much more is sent than can be done, what was taken is answered in time and memory is bounded. Calls that stay open
/// are not counted: sessions and watches have limits of their own.
/// </summary>
/// <param name="most">1 or more.</param>
public sealed class CallLimit(int most)
{
    /// <summary>The name of the setting: unary calls under way, 1 to 1,000,000.</summary>
    public const string Setting = "CallsMost";

    /// <summary>
    /// Enough for what arrives during a pause of 50 ms at half of what two cores can do (13,600 calls a second: 680), few
    /// enough that a call which finds no place hears of it within milliseconds: it waits for a thread behind the work of those that have one.
    /// </summary>
    internal const int Default = 1_024;

    private int underWay;

    internal Task Handle(HttpContext context, RequestDelegate next)
    {
        if (!IsUnary(context.GetEndpoint())) return next(context);
        if (Interlocked.Increment(ref underWay) <= most) return Run(context, next);
        Interlocked.Decrement(ref underWay);
        context.Response.Refuse(
            StatusCode.ResourceExhausted, "too many calls are under way: nothing was done, send it again later with the same id");
        return Task.CompletedTask;
    }

    private static bool IsUnary(Endpoint? called) => called?.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.Type == MethodType.Unary;

    private async Task Run(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }
}

/// <summary>Registration.</summary>
public static class CallLimitRegistration
{
    /// <summary>Adds it. Setting: <c>CallsMost</c>.</summary>
    /// <exception cref="InvalidOperationException">The setting is no number from 1 to 1,000,000.</exception>
    public static IServiceCollection AddCallLimit(this IServiceCollection services, IConfiguration configuration) =>
        services.AddSingleton(new CallLimit(Read(configuration[CallLimit.Setting])));

    /// <summary>Counts and refuses calls. Before anything is mapped.</summary>
    public static void UseCallLimit(this WebApplication app) => app.Use(app.Services.GetRequiredService<CallLimit>().Handle);

    private static int Read(string? setting) =>
        int.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most is >= 1 and <= 1_000_000
            ? most
            : throw new InvalidOperationException($"{CallLimit.Setting} is '{setting}'; expected a number from 1 to 1000000");
}
