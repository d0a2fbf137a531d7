extern "C" int run_a_loop();

int main() { return run_a_loop(); }
